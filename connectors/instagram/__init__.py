"""Instagram professional accounts: comments, mentions, private messages."""

from __future__ import annotations

from datetime import timedelta

from connectors import graph_survey, graph_token
from connectors.contract import Connector, Survey
from connectors.graph import ORIGIN
from connectors.instagram import client
from connectors.instagram.normalise import OBJECT, PLATFORM, normalise
from connectors.meta import HOOK, claims_object
from inbox.platforms import Traits
from inbox.values import Access, CallKind, Examination, Limit, MessageKind, Outgoing

_SCOPES = ("instagram_basic", "instagram_manage_comments", "instagram_manage_messages")


def _claims(raw: bytes) -> bool:
    return claims_object(raw, OBJECT)


def _can_prove_absence(outgoing: Outgoing) -> bool:
    """Replies under our own posts are all listed; nothing else is."""
    return client.is_public(outgoing) and outgoing.to_kind is MessageKind.COMMENT


def _examine(access: Access) -> Examination:
    return graph_token.examine(access, _SCOPES)


CONNECTOR = Connector(
    traits=Traits(
        key=PLATFORM,
        label="Instagram",
        icon="brand-instagram",
        length=client.length,
        max_length=client.MAX_COMMENT,
        max_private_length=client.MAX_CHAT,
        private_window=timedelta(hours=24),
        rating_in_private=True,
        can_be_compared=True,
        hook=HOOK.name,
        credential_names=("access_token", *graph_token.APP_CREDENTIALS),
        api_url=ORIGIN,
        # 4800 calls a day for each person engaged with the account: its headers say how much is used. Our own
        # bounds keep to what a quiet account has. Source: Graph API "Rate limits", business use cases.
        limits={CallKind.READ: Limit(600, 3600), CallKind.SEND: Limit(300, 3600)},
    ),
    hook=HOOK,
    claims=_claims,
    normalise=normalise,
    edges=client.EDGES,
    poll=client.poll,
    send=client.send,
    look=client.look,
    probe=client.probe,
    can_prove_absence=_can_prove_absence,
    examine=_examine,
    renew=graph_token.renew,
    survey=Survey(
        client.survey,
        whole_account=False,
        gone=graph_survey.gone,
        kinds=(MessageKind.COMMENT,),  # what stands under somebody else's post may be closed to us
    ),
)
