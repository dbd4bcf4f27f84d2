"""THE PLATFORMS. Imports inbox.values, inbox.platforms, pydantic, an SDK; nothing else of inbox.

A platform is one folder with a `CONNECTOR` and one line here.
"""

from connectors import facebook, instagram, whatsapp, x
from connectors.contract import Connector, Hook, Polled
from inbox import platforms
from inbox.values import UnreadablePayload

CONNECTORS: dict[str, Connector] = {}

# The hook families by name, which is also the last part of their path; several platforms may share one.
HOOKS: dict[str, Hook] = {}


def register(connector: Connector) -> None:
    """Make a platform known to workers, hooks, core and screens. Before anything serves or is claimed."""
    CONNECTORS[connector.platform] = connector
    HOOKS[connector.hook.name] = connector.hook
    platforms.register(connector.traits)


for each in (
    x,
    facebook,
    instagram,
    whatsapp,
):
    register(each.CONNECTOR)


def for_body(source: str, raw: bytes) -> Connector | None:
    """The connector that understands `raw`, or None when it is no platform's.

    `source` is where it came from: a hook family ("meta", "hook:meta"), or anything else for a polled answer,
    which names its platform itself. Never raises: what cannot be read is nobody's.
    """
    try:
        polled = Polled.from_bytes(raw)
    except UnreadablePayload:
        return None
    if polled:
        return CONNECTORS.get(polled.platform)
    hook = source.removeprefix("hook:")
    return next((each for each in CONNECTORS.values() if each.hook.name == hook and each.claims(raw)), None)
