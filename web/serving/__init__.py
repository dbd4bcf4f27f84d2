"""How the process answers: hooks and live streams in its event loop, screens in threads, and how it stops."""
