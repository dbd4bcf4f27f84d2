"""Calls the X API for one account, through tweepy: the only file that imports that library.

tweepy 4.17.0 is pinned exactly, because we change its behaviour: `session` is ours (base URL, deadline, typed
errors), `return_type` gives the raw response (long posts, string ids, headers), it never waits for a rate
limit, and its loggers stay above DEBUG, because at DEBUG it and the OAuth library log tokens.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import requests
import tweepy
from pydantic import SecretStr

from connectors.http import (
    AccessExpired,
    PlatformError,
    PlatformSession,
    RateLimited,
    Rejected,
    Transient,
    Unknown,
    answered_at,
    failed,
    json_object,
)
from connectors.usage import told_by_x
from inbox.failures import Failure
from inbox.values import Access, Examination, Renewal

ORIGIN = "https://api.twitter.com"  # as tweepy writes it
API_URL = "https://api.x.com"
SCOPES = ("tweet.read", "tweet.write", "users.read")
PAGE_SIZE = 100
MAX_WAIT_SECONDS = 24 * 3600.0
CREDITS_WAIT_SECONDS = 3600.0

for _name in ("tweepy", "oauthlib", "requests_oauthlib"):
    logging.getLogger(_name).setLevel(logging.INFO)

_FIELDS = {
    "expansions": [
        "author_id",
        "attachments.media_keys",
        "referenced_tweets.id",
        "referenced_tweets.id.author_id",
    ],
    "tweet_fields": [
        "author_id",
        "conversation_id",
        "created_at",
        "edit_history_tweet_ids",
        "in_reply_to_user_id",
        "lang",
        "note_tweet",
        "referenced_tweets",
    ],
    "user_fields": ["name", "username"],
    "media_fields": ["preview_image_url", "type", "url", "variants"],
}


class XAccount:
    """Calls for `access`, with OAuth 1.0a if it has all four secrets, else with the bearer token.

    Raises PlatformError and nothing else. Use it in a `with` block, which closes the connection.
    """

    def __init__(self, access: Access) -> None:
        given = {name: secret.get_secret_value() for name, secret in access.credentials.items()}
        token = given.get("access_token")
        if not token:
            raise AccessExpired("no access token is stored for this account", reason=Failure.NO_CREDENTIALS)
        oauth1 = {
            name: given.get(name) for name in ("consumer_key", "consumer_secret", "access_token_secret")
        }
        self._by_user = all(oauth1.values())
        secrets = {"access_token": token, **oauth1} if self._by_user else {"bearer_token": token}
        self._id = _numeric(access.account)
        self._api = tweepy.Client(**secrets, return_type=requests.Response, wait_on_rate_limit=False)
        self._on_usage = access.on_usage
        self._api.session = PlatformSession(
            classify, rewrite={ORIGIN: access.base_url.rstrip("/")}, on_answer=self._tell
        )

    def __enter__(self) -> XAccount:
        return self

    def __exit__(self, *_: object) -> None:
        self._api.session.close()

    def _tell(self, response: requests.Response) -> None:
        if self._on_usage:
            for usage in told_by_x(response):
                self._on_usage(usage)

    def me(self) -> dict[str, Any]:
        """The account that the credentials belong to."""
        response = self._api.get_me(user_auth=self._by_user, user_fields=["name", "username"])
        data = json_object(response).get("data")
        return data if isinstance(data, dict) else {}

    def missing(self) -> tuple[str, ...] | None:
        """The permissions that a signed call's answer says are missing; None if calls are not signed."""
        if not self._by_user:
            return None
        level = self._api.get_me(user_auth=True).headers.get("x-access-level", "")
        return ("write",) if level and "write" not in level.split("-") else ()

    def mentions(
        self, *, since_id: str | None = None, since: datetime | None = None, page_token: str | None
    ) -> requests.Response:
        """One page of posts that mention the account, newest first."""
        return self._read(
            self._api.get_users_mentions, since_id=since_id, start_time=since, pagination_token=page_token
        )

    def own_posts(self, *, since: datetime | None, page_token: str | None) -> requests.Response:
        """One page of the account's own posts and replies, newest first."""
        return self._read(self._api.get_users_tweets, start_time=since, pagination_token=page_token)

    def posts(self, ids: Sequence[str]) -> requests.Response:
        """Up to a hundred posts by id. Missing ones are listed in `errors`."""
        response: requests.Response = self._api.get_tweets(
            [_numeric(id) for id in ids], user_auth=self._by_user, tweet_fields=["created_at"]
        )
        return response

    def _read(self, call: Any, **params: Any) -> requests.Response:
        response: requests.Response = call(
            self._id,
            max_results=PAGE_SIZE,
            user_auth=self._by_user,
            **_FIELDS,
            **{name: value for name, value in params.items() if value is not None},
        )
        if not json_object(response):
            raise Transient("an unreadable answer", reason=Failure.UNREADABLE)
        return response

    def reply(self, post_id: str, text: str) -> str:
        """Reply to a post. Returns the id of our post."""
        response = self._api.create_tweet(
            text=text, in_reply_to_tweet_id=_numeric(post_id), user_auth=self._by_user
        )
        return _written(response, "id")

    def direct_message(self, user_id: str, text: str) -> str:
        """Send a direct message. Returns its id."""
        response = self._api.create_direct_message(
            participant_id=_numeric(user_id), text=text, user_auth=self._by_user
        )
        return _written(response, "dm_event_id")


def examine(access: Access) -> Examination:
    """The permissions of the credentials, as far as X reports them. Raises PlatformError.

    For an OAuth 1.0a token every answer has the header `x-access-level`. The scopes of an OAuth 2.0 token are
    known only from the answer that issued it: they are stored with a mark that identifies the token.
    """
    with XAccount(access) as account:
        missing = account.missing()
    if missing is None:
        told = access.credentials.get("granted")
        of_token, *granted = told.get_secret_value().split() if told else [""]
        is_told = of_token == _mark(access.credentials["access_token"].get_secret_value())
        missing = tuple(scope for scope in SCOPES if scope not in granted) if is_told else ()
    return Examination(is_valid=True, missing=missing, reports_lifetime=False)


def _mark(token: str) -> str:
    """A digest that identifies a token without revealing it."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]


def renew(access: Access) -> Renewal | None:
    """Exchange a refresh token, valid once, for new tokens. None without one (OAuth 1.0a never expires).

    Raises PlatformError. Source: docs.x.com, "OAuth 2.0: refresh token"; the public client sends its id.
    """
    refresh, client = access.credentials.get("refresh_token"), access.credentials.get("client_id")
    secret = access.credentials.get("client_secret")
    if not (refresh and client):
        return None
    form = {
        "grant_type": "refresh_token",
        "refresh_token": refresh.get_secret_value(),
        "client_id": client.get_secret_value(),
    }
    auth = (client.get_secret_value(), secret.get_secret_value()) if secret else None
    with PlatformSession(classify, rewrite={ORIGIN: access.base_url.rstrip("/")}) as session:
        body = json_object(session.post(f"{ORIGIN}/2/oauth2/token", data=form, auth=auth))
    fresh, next_refresh = body.get("access_token"), body.get("refresh_token")
    if not (isinstance(fresh, str) and fresh and isinstance(next_refresh, str) and next_refresh):
        raise Unknown("an answer without both tokens", reason=Failure.NO_TOKEN)
    seconds, scope = body.get("expires_in"), body.get("scope")
    granted = f"{_mark(fresh)} {scope}" if isinstance(scope, str) and scope else ""
    return Renewal(
        {
            "access_token": SecretStr(fresh),
            "refresh_token": SecretStr(next_refresh),
            "granted": SecretStr(granted),
        },
        float(seconds) if isinstance(seconds, int) else None,
    )


def _numeric(id: str) -> str:
    """A numeric id as part of a URL. Raises Rejected: ids from bodies must not alter the path."""
    if not re.fullmatch("[0-9]{1,19}", id):
        raise Rejected("an id that is none of X's", reason=Failure.FOREIGN_ID)
    return id


def _written(response: requests.Response, name: str) -> str:
    data = json_object(response).get("data")
    id = data.get(name) if isinstance(data, dict) else None
    if not isinstance(id, str) or not id:
        raise Unknown("an answer without an id", reason=Failure.NO_ID)
    return id


# --- errors -------------------------------------------------------------------------------------------

# Problem types that concern our app or token, not the single call.
_ACCESS_TYPES = ("client-forbidden", "unsupported-authentication", "oauth1-permissions")
# Our account was suspended; API v2 has no code for it.
_SHUT = re.compile(r"\byour account\b.*\b(suspended|locked)\b", re.IGNORECASE)


def classify(response: requests.Response, write: bool) -> PlatformError | None:
    """The error in an answer of the X API; None for a success.

    Only an answer in X's own format is conclusive: a refusal without JSON comes from a gateway and does not
    prove that a write was not executed. Source: docs.x.com, "Response codes and errors".
    """
    status = response.status_code
    if status < 300:
        return None
    body = json_object(response)
    kind = str(body.get("type") or "").rsplit("/", 1)[-1]
    text = next((str(body[key]) for key in ("detail", "title") if body.get(key)), "") or f"HTTP {status}"
    known: dict[str, Any] = {"status": status, "code": kind or None}
    if status == 429:
        return RateLimited(text, retry_after=_wait(response), reason=Failure.RATE_LIMIT, **known)
    if status == 402:
        return RateLimited(text, retry_after=CREDITS_WAIT_SECONDS, reason=Failure.CREDITS, **known)
    if status == 401 or kind in _ACCESS_TYPES or (status == 403 and _SHUT.search(text)):
        return AccessExpired(text, reason=Failure.ACCESS, **known)
    if status >= 500 or status < 400 or status == 408 or not body:
        return failed(text, write=write, reason=Failure.PLATFORM_DOWN, status=status)
    reason = {404: Failure.GONE, 400: Failure.INVALID}.get(status, Failure.OTHER)
    if status == 403 and "duplicate" in text.lower():
        reason = Failure.DUPLICATE
    elif status == 403 and "deleted or not visible" in text.lower():
        reason = Failure.GONE
    elif status == 403 and "reply to this conversation is not allowed" in text.lower():
        reason = Failure.NOT_SUMMONED
    return Rejected(text, reason=reason, **known)


def _wait(response: requests.Response) -> float | None:
    """Seconds until the exhausted limit resets, by X's own clock; None if X does not say."""
    for name in ("x-user-limit-24hour", "x-app-limit-24hour", "x-rate-limit"):
        reset = response.headers.get(f"{name}-reset", "")
        if response.headers.get(f"{name}-remaining") == "0" and re.fullmatch("[0-9]{1,12}", reset):
            seconds = int(reset) - answered_at(response).timestamp() + 1
            return min(max(seconds, 1.0), MAX_WAIT_SECONDS)
    return None
