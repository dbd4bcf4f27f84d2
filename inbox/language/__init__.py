"""Turkish as people type it and as we write it. Pure functions; nothing here knows a table."""
