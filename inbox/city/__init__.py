"""The municipality's profile and its editable lists."""

from inbox.city.profile import CityProfile, current_profile, save_profile

__all__ = ["CityProfile", "current_profile", "save_profile"]
