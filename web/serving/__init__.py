"""The serving process: hooks and live streams in the event loop, screens and API in threads, and its stop."""
