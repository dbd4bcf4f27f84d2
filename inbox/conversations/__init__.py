"""Who speaks with us, in which conversation, and through which of our accounts we answer."""
