"""The settings screens: the city's lists, channels, users and API tokens, and comparisons with platforms."""

from web.settings.lists import blueprints

__all__ = ["blueprints"]
