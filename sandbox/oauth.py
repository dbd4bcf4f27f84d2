"""Authentication of X API calls: OAuth 1.0a user context (verifies the signature), or a bearer token."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from oauthlib.oauth1 import RequestValidator, ResourceEndpoint

from sandbox.config import SandboxChannel
from sandbox.state import Sandbox

MOST_NONCES = 100_000


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller. `channel` is None for the app itself, which may only read."""

    channel: SandboxChannel | None


def caller(sandbox: Sandbox) -> Caller | None:
    """The caller of the current request; None if the token or signature is invalid."""
    header = request.headers.get("Authorization", "")
    if header.startswith("Bearer "):
        return _bearer(sandbox, header.removeprefix("Bearer ").strip())
    if header.startswith("OAuth "):
        return _signed(sandbox)
    return None


def _bearer(sandbox: Sandbox, token: str) -> Caller | None:
    for channel in sandbox.config.channels:
        if channel.platform != "x":
            continue
        account_access = sandbox.access_of(channel.key)
        if token in (channel.token, *account_access.tokens):
            return None if account_access.is_expired(sandbox.clock.now()) else Caller(channel)
    if token and token == sandbox.config.x_bearer_token:
        return Caller(None)
    return None


def _signed(sandbox: Sandbox) -> Caller | None:
    endpoint = ResourceEndpoint(_Validator(sandbox))
    is_json = request.mimetype == "application/json"  # OAuth 1.0a does not sign a JSON body
    query = request.query_string.decode("latin-1")  # as sent: `request.url` is decoded
    valid, read = endpoint.validate_protected_resource_request(
        request.base_url + (f"?{query}" if query else ""),
        http_method=request.method,
        body=None if is_json else request.get_data(as_text=True),
        headers=dict(request.headers),
        realms=None,
    )
    if not valid:
        return None
    for channel in sandbox.config.channels:
        if channel.platform == "x" and channel.token == read.resource_owner_key:
            return Caller(channel)
    return None


class _Validator(RequestValidator):
    """Checks the configured keys and secrets. Timestamps may be off by ten minutes; a nonce works once."""

    enforce_ssl = False
    dummy_client = "dummy"
    dummy_access_token = "dummy"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self._sandbox = sandbox
        self._tokens = {
            channel.token: channel.token_secret
            for channel in sandbox.config.channels
            if channel.platform == "x"
        }

    def check_client_key(self, client_key: str) -> bool:
        return bool(client_key)

    def check_access_token(self, request_token: str) -> bool:
        return bool(request_token)

    def check_nonce(self, nonce: str) -> bool:
        return bool(nonce)

    def validate_client_key(self, client_key: str, request: object) -> bool:
        return client_key == self._sandbox.config.x_consumer_key

    def validate_access_token(self, client_key: str, token: str, request: object) -> bool:
        return token in self._tokens

    def validate_realms(
        self, client_key: str, token: str, request: object, uri: object = None, realms: object = None
    ) -> bool:
        return True

    def validate_timestamp_and_nonce(
        self,
        client_key: str,
        timestamp: str,
        nonce: str,
        request: object,
        request_token: object = None,
        access_token: object = None,
    ) -> bool:
        used = self._sandbox.used_nonces
        if (timestamp, nonce) in used:
            return False
        if len(used) >= MOST_NONCES:
            used.clear()
        used.add((timestamp, nonce))
        return True

    def get_client_secret(self, client_key: str, request: object) -> str:
        return self._sandbox.config.x_consumer_secret

    def get_access_token_secret(self, client_key: str, token: str, request: object) -> str:
        return self._tokens.get(token, "dummy")
