"""The settings screens: the city's lists, its channels, its people, and comparisons with the platforms."""

from web.settings.lists import blueprints

__all__ = ["blueprints"]
