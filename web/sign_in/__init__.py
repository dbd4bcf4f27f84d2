"""Signing in and out: the pages of one's own account, reset links, the first administrator."""

from web.sign_in.views import blueprint

__all__ = ["blueprint"]
