"""THE PLATFORMS. Imports inbox.values, pydantic, an SDK; nothing else of inbox.

A platform is one folder with a `CONNECTOR` and one line here.
"""

from connectors import facebook, instagram, whatsapp, x
from connectors.contract import Connector, Hook, Polled
from inbox.values import UnreadablePayload

CONNECTORS: dict[str, Connector] = {
    each.CONNECTOR.platform: each.CONNECTOR
    for each in (
        x,
        facebook,
        instagram,
        whatsapp,
    )
}

# The hook families; several platforms may share one.
HOOKS: dict[str, Hook] = {each.hook.name: each.hook for each in CONNECTORS.values()}


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
