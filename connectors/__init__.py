"""THE PLATFORMS. Imports inbox.values, pydantic, an SDK; nothing else of inbox."""
