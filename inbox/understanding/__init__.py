"""What a citizen's words seem to want, how urgent that is, and where it seems to belong: proposals only."""
