"""Examines and renews Meta's access tokens.

Sources: Graph API "debug_token" (permissions and expiry; 0: never expires), "Page subscribed_apps" (whether
we receive the account's events), "Get long-lived tokens" (the exchange; it needs the app's id and secret).
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
"""The credentials that `renew` needs besides the token."""


def examine(access: Access, scopes: Sequence[str], *, waba_scope: str = "") -> Examination:
    """The token's permissions and expiry, and whether we receive the account's events.

    `waba_scope`: the permission whose granted account (a WhatsApp Business account) holds the subscription;
    "": `access.account` does. Raises PlatformError.
    """
    graph = Graph(access)
    token = access.credentials["access_token"].get_secret_value()
    token_data = graph.get("debug_token", input_token=token).body.get("data")
    if not isinstance(token_data, dict):
        raise Rejected("no description of the token", reason=Failure.UNREADABLE)
    granted = token_data.get("scopes")
    missing = [scope for scope in scopes if scope not in granted] if isinstance(granted, list) else []
    node = _target(token_data, waba_scope) if waba_scope else access.account
    return Examination(
        is_valid=token_data.get("is_valid") is not False,
        missing=tuple(missing),
        issued_at=_moment(token_data.get("issued_at")),
        expires_at=_moment(token_data.get("expires_at")),
        is_subscribed=_is_subscribed(graph, node) if node else None,
    )


def renew(access: Access) -> Renewal | None:
    """Exchange a valid token for a new one. None without the app's id and secret. Raises PlatformError."""
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
        return None  # unknown: the call needs another permission, which reading and replying do not


def _target(token_data: dict[str, Any], scope: str) -> str | None:
    for scope_entry in token_data.get("granular_scopes") or ():
        if (
            isinstance(scope_entry, dict)
            and scope_entry.get("scope") == scope
            and scope_entry.get("target_ids")
        ):
            return str(scope_entry["target_ids"][0])
    return None


def _moment(seconds: Any) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) and seconds > 0 else None
