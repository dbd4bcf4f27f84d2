"""THE PLATFORMS. Imports inbox.values, pydantic, an SDK; nothing else of inbox.

A new one is a folder with a `CONNECTOR` and its one line in `_ALL`.
"""

from __future__ import annotations

from connectors import facebook, instagram
from connectors.contract import Connector, Hook, Polled

_ALL = (
    facebook.CONNECTOR,
    instagram.CONNECTOR,
)

CONNECTORS: dict[str, Connector] = {connector.platform: connector for connector in _ALL}
HOOKS: dict[str, Hook] = {connector.hook.name: connector.hook for connector in _ALL}


def for_body(source: str, raw: bytes) -> Connector | None:
    """The platform that a stored body belongs to, or None when it is none of ours.

    `source` is "hook:<family>" for what was brought to us; a polled page says itself whose it is. Raises
    UnreadablePayload for an envelope that is none.
    """
    polled = Polled.from_bytes(raw)
    if polled is not None:
        return CONNECTORS.get(polled.platform)
    family = source.removeprefix("hook:")
    of_family = [
        one for one in CONNECTORS.values() if one.hook.name == family or not source.startswith("hook:")
    ]
    return next((one for one in of_family if one.claims(raw)), None)
