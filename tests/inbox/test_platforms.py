"""The table of platforms: filled by `connectors`, never asked before."""

from __future__ import annotations

import subprocess
import sys

import connectors
from inbox import platforms


def test_asking_before_anybody_brought_a_platform_is_an_error_and_not_a_by_hand_door() -> None:
    script = """
from inbox import platforms
for ask in (lambda: platforms.traits("cimer"), platforms.connected):
    try:
        ask()
    except LookupError as error:
        assert "connectors" in str(error)
    else:
        raise SystemExit("answered")
"""

    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)

    assert ended.returncode == 0, ended.stderr


def test_every_connector_has_its_traits_here_under_its_own_key() -> None:
    assert platforms.connected() == list(connectors.CONNECTORS)
    for key, connector in connectors.CONNECTORS.items():
        assert platforms.traits(key) is connector.traits
        assert not connector.traits.by_hand
