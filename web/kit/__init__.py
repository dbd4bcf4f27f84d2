"""Shared by all screens: words, formats, template filters, the permission guard, refusals and errors."""
