"""Sign-in, sign-out, the user's own account, reset links, and the first administrator."""

from web.sign_in.views import blueprint

__all__ = ["blueprint"]
