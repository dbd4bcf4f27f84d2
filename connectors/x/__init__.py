"""X: posts that name our accounts, read by poll or hook; answers in the public thread."""

from connectors.contract import Connector, Survey
from connectors.x import calls
from connectors.x.client import API_URL, examine, renew
from connectors.x.hook import HOOK
from connectors.x.length import MAX_LENGTH, weighted_length
from connectors.x.normalise import claims, normalise
from connectors.x.words import PLATFORM
from inbox.platforms import Traits
from inbox.values import CallKind, Limit, MessageKind, Outgoing


def _can_prove_absence(outgoing: Outgoing) -> bool:
    return not calls.is_private(outgoing)


CONNECTOR = Connector(
    traits=Traits(
        key=PLATFORM,
        label="X",
        icon="brand-x",
        length=weighted_length,
        max_length=MAX_LENGTH,
        max_private_length=calls.MAX_PRIVATE_LENGTH,
        can_be_compared=True,
        hook=HOOK.name,
        # With an access token alone it is sent as an OAuth 2.0 user token; with all four calls are signed
        # (1.0a). An OAuth 2.0 token lives two hours: the refresh token and the client's id keep it alive.
        credential_names=(
            "access_token",
            "access_token_secret",
            "consumer_key",
            "consumer_secret",
            "refresh_token",
            "client_id",
            "client_secret",
        ),
        api_url=API_URL,
        # Mentions and posts of one user, each in fifteen minutes. Source: docs.x.com, "Rate limits".
        limits={CallKind.READ: Limit(300, 900), CallKind.SEND: Limit(100, 900)},
    ),
    hook=HOOK,
    claims=claims,
    normalise=normalise,
    edges=calls.EDGES,
    poll=calls.poll,
    send=calls.send,
    look=calls.look,
    probe=calls.probe,
    can_prove_absence=_can_prove_absence,
    examine=examine,
    renew=renew,
    survey=Survey(
        calls.survey,
        whole_account=True,
        gone=calls.gone,
        kinds=(MessageKind.MENTION, MessageKind.COMMENT),
        at_once=100,
    ),
)
