"""The screens of units: their own requests, answered or returned."""

from web.units.views import blueprint

__all__ = ["blueprint"]
