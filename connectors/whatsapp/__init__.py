"""WhatsApp: private chats with citizens, by hook; answers within 24 hours, receipts afterwards."""

from datetime import timedelta

from connectors import graph_token
from connectors.contract import Connector
from connectors.meta import HOOK
from connectors.whatsapp import client
from connectors.whatsapp.normalise import PLATFORM, claims, normalise
from inbox.platforms import Traits
from inbox.values import Access, CallKind, Examination, Limit, Outgoing

_SCOPE = "whatsapp_business_messaging"


def _can_prove_absence(_outgoing: Outgoing) -> bool:
    return False


def _examine(access: Access) -> Examination:
    return graph_token.examine(access, (_SCOPE,), waba_scope=_SCOPE)


CONNECTOR = Connector(
    traits=Traits(
        key=PLATFORM,
        label="WhatsApp",
        icon="brand-whatsapp",
        max_length=client.MAX_TEXT,
        max_private_length=client.MAX_TEXT,
        private_window=timedelta(hours=24),
        rating_in_private=True,
        has_choices=True,
        hook=HOOK.name,
        credential_names=("access_token", *graph_token.APP_CREDENTIALS),
        api_url=client.API_URL,
        # 5000 management calls an hour; 80 messages a second, in and out. Source: Cloud API "Throughput".
        limits={CallKind.READ: Limit(600, 3600), CallKind.SEND: Limit(40, 1)},
    ),
    hook=HOOK,
    claims=claims,
    normalise=normalise,
    edges=(),
    poll=client.poll,
    send=client.send,
    look=client.look,
    probe=client.probe,
    can_prove_absence=_can_prove_absence,
    examine=_examine,
    renew=graph_token.renew,
)
