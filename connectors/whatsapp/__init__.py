"""WhatsApp: private chats with citizens, by hook; answers within 24 hours, receipts afterwards."""

from datetime import timedelta

from connectors import graph_token
from connectors.contract import Connector
from connectors.meta import HOOK
from connectors.whatsapp import client
from connectors.whatsapp.normalise import PLATFORM, claims, normalise
from inbox.values import Access, Examination, Limit, Outgoing

_SCOPE = "whatsapp_business_messaging"


def _can_prove_absence(_outgoing: Outgoing) -> bool:
    return False


def _examine(access: Access) -> Examination:
    return graph_token.examine(access, (_SCOPE,), waba_scope=_SCOPE)


CONNECTOR = Connector(
    platform=PLATFORM,
    label="WhatsApp",
    hook=HOOK,
    claims=claims,
    normalise=normalise,
    edges=(),
    poll=client.poll,
    send=client.send,
    look=client.look,
    probe=client.probe,
    credential_names=("access_token", *graph_token.APP_CREDENTIALS),
    length=len,
    max_length=client.MAX_TEXT,
    max_private_length=client.MAX_TEXT,
    private_window=timedelta(hours=24),
    can_prove_absence=_can_prove_absence,
    rating_in_private=True,
    has_choices=True,
    api_url=client.API_URL,
    examine=_examine,
    renew=graph_token.renew,
    # 5000 management calls an hour; 80 messages a second, in and out. Source: Cloud API "Throughput".
    read_limit=Limit(600, 3600),
    send_limit=Limit(40, 1),
)
