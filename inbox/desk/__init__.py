"""The work of a moderator on citizens' messages."""
