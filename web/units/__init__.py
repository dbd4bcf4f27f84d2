"""The unit officers' screens: their unit's requests, answered or returned to the desk."""

from web.units.views import blueprint

__all__ = ["blueprint"]
