"""What Meta knows of a token, and how a long-lived one is renewed.

Sources: Graph API "debug_token" (what a token is good for and until when; 0: it never ends), "Page
subscribed_apps" (whether events come to our hook), "Get long-lived tokens" (the exchange; it needs the app's
id and secret).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from connectors.graph import Graph
from connectors.http import PlatformError, Rejected, Unknown
from connectors.meta import listed
from inbox.failures import Failure
from inbox.values import Access, Examination, Renewal

APP_CREDENTIALS = ("app_id", "app_secret")
"""Names of the secrets that renewing needs besides the token."""


def examine(access: Access, scopes: Sequence[str], *, waba_scope: str = "") -> Examination:
    """What the token may do and how long it lives; whether the account's events come to us.

    With `waba_scope` the account that subscribes is the one this permission was granted for. Raises
    PlatformError.
    """
    graph = Graph(access)
    token = access.credentials["access_token"].get_secret_value()
    told = graph.get("debug_token", input_token=token).body.get("data")
    if not isinstance(told, dict):
        raise Rejected("no description of the token", reason=Failure.UNREADABLE)
    granted = told.get("scopes")
    missing = [scope for scope in scopes if scope not in granted] if isinstance(granted, list) else []
    node = _target(told, waba_scope) if waba_scope else access.account
    return Examination(
        is_valid=told.get("is_valid") is not False,
        missing=tuple(missing),
        issued_at=_moment(told.get("issued_at")),
        expires_at=_moment(told.get("expires_at")),
        is_subscribed=_is_subscribed(graph, node) if node else None,
    )


def renew(access: Access) -> Renewal | None:
    """A fresh token for one that still lives; None without the app's id and secret. Raises PlatformError."""
    app_id, secret, token = (access.credentials.get(name) for name in (*APP_CREDENTIALS, "access_token"))
    if not (app_id and secret and token):
        return None
    body = (
        Graph(access)
        .get(
            "oauth",
            "access_token",
            grant_type="fb_exchange_token",
            client_id=app_id.get_secret_value(),
            client_secret=secret.get_secret_value(),
            fb_exchange_token=token.get_secret_value(),
        )
        .body
    )
    fresh, seconds = body.get("access_token"), body.get("expires_in")
    if not isinstance(fresh, str) or not fresh:
        raise Unknown("an answer without a token", reason=Failure.NO_TOKEN)
    return Renewal({"access_token": SecretStr(fresh)}, float(seconds) if isinstance(seconds, int) else None)


def _is_subscribed(graph: Graph, node: str) -> bool | None:
    try:
        return bool(listed(graph.get(node, "subscribed_apps").body))
    except PlatformError:
        return None  # it needs a permission of its own, without which we can read and answer all the same


def _target(told: dict[str, Any], scope: str) -> str | None:
    for one in told.get("granular_scopes") or ():
        if isinstance(one, dict) and one.get("scope") == scope and one.get("target_ids"):
            return str(one["target_ids"][0])
    return None


def _moment(seconds: Any) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) and seconds > 0 else None
