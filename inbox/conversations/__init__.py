"""Contacts, their threads, groups of consecutive messages, and the account that answers."""
