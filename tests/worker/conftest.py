"""All seven channels of ours on one sandbox that sends no hooks: tests/support/town.py."""

from __future__ import annotations

from tests.support.town import KEYS, Town, ahead, found_town, town

__all__ = ["KEYS", "Town", "ahead", "found_town", "town"]
