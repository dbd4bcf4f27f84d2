"""The common part of every X API call: authentication, rate limits, faults, and error bodies."""

from __future__ import annotations

from typing import Any

from flask import Response, g

from sandbox.calls import Answered, apply_faults, json_response
from sandbox.config import SandboxChannel
from sandbox.oauth import caller
from sandbox.state import RateWindow, Sandbox, current_sandbox

LIMITS = {"mentions": 300, "timeline": 900, "search": 300, "lookup": 5000, "users": 900, "write": 100}
WINDOW_SECONDS = 900
SCOPES = ("tweet.read", "tweet.write", "users.read", "offline.access")


def problem(status: int, title: str, detail: str, kind: str = "about:blank", **more: Any) -> Response:
    """An error response of X."""
    uri = kind if kind == "about:blank" else f"https://api.twitter.com/2/problems/{kind}"
    return json_response({"title": title, "detail": detail, "type": uri, "status": status, **more}, status)


def invalid(parameter: str, value: Any, message: str) -> Answered:
    """A 400 for an invalid parameter."""
    return Answered(
        json_response(
            {
                "errors": [{"parameters": {parameter: [value]}, "message": message}],
                "title": "Invalid Request",
                "detail": "One or more parameters to your request was invalid.",
                "type": "https://api.twitter.com/2/problems/invalid-request",
            },
            400,
        )
    )


def forbidden(detail: str) -> Answered:
    """X's 403 for something that the account may not do."""
    return Answered(problem(403, "Forbidden", detail))


def answer_ended(ended: Answered) -> Response:
    return with_rate_headers(ended.response)


def authenticate(
    endpoint: str, *, write: bool = False, is_send: bool = False
) -> tuple[Sandbox, SandboxChannel | None]:
    """Authenticate the call, count it and apply the channel's faults.

    Returns the calling account, None for an app-only token. Raises Answered with X's errors.
    """
    sandbox = current_sandbox()
    who = caller(sandbox)
    if who is None:
        raise Answered(problem(401, "Unauthorized", "Unauthorized"))
    if who.channel is None:
        if write:
            raise Answered(_unsupported_authentication())
        return sandbox, None
    channel = who.channel
    _count(sandbox, channel, endpoint)
    fault = apply_faults(sandbox, channel, is_send=is_send)
    if fault == "rate_limit":
        g.rate_headers = {
            "x-rate-limit-limit": str(LIMITS[endpoint]),
            "x-rate-limit-remaining": "0",
            "x-rate-limit-reset": str(
                int(sandbox.clock.now().timestamp() + sandbox.config.rate_limit_seconds)
            ),
        }
        raise Answered(problem(429, "Too Many Requests", "Too Many Requests"))
    if fault == "server_error":
        raise Answered(problem(503, "Service Unavailable", "Service Unavailable"))
    if fault == "expired_token":
        raise Answered(problem(401, "Unauthorized", "Unauthorized"))
    if fault == "revoked_scope" or (
        write and not sandbox.access_of(channel.key).permits("tweet.write", channel.scopes)
    ):
        detail = "Your client app is not configured with the appropriate permissions for this endpoint."
        raise Answered(
            problem(403, "Client Forbidden", detail, "client-forbidden", reason="client-not-enrolled")
        )
    if fault == "refuse":
        raise forbidden("You are not permitted to perform this action.")
    return sandbox, channel


def authenticate_account(endpoint: str, *, is_send: bool = False) -> tuple[Sandbox, SandboxChannel]:
    """As `authenticate`, but refuses app-only tokens."""
    sandbox, channel = authenticate(endpoint, write=endpoint == "write", is_send=is_send)
    if channel is None:
        raise Answered(_unsupported_authentication())
    return sandbox, channel


def _unsupported_authentication() -> Response:
    detail = (
        "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.  Supported "
        "authentication types are [OAuth 1.0a User Context, OAuth 2.0 User Context]."
    )
    return problem(403, "Unsupported Authentication", detail, "unsupported-authentication")


def _count(sandbox: Sandbox, channel: SandboxChannel, endpoint: str) -> None:
    """Count the call in its 15-minute window. Refuses it over the limit, if limits are enforced."""
    now, limit = sandbox.clock.now().timestamp(), LIMITS[endpoint]
    with sandbox.world.lock:
        window = sandbox.rate_windows.get((channel.key, endpoint))
        if window is None or window.ends_at <= now:
            window = RateWindow(calls=0, ends_at=now + WINDOW_SECONDS)
            sandbox.rate_windows[channel.key, endpoint] = window
        window.calls = max(window.calls + 1, limit * sandbox.access_of(channel.key).used_percent // 100)
        left = limit - window.calls
    enforced = sandbox.config.enforce_x_rate_limits
    g.rate_headers = {
        "x-rate-limit-limit": str(limit),
        "x-rate-limit-remaining": str(max(left, 0 if enforced else 1)),
        "x-rate-limit-reset": str(int(window.ends_at)),
        "x-access-level": "read-write"
        if sandbox.access_of(channel.key).permits("tweet.write", channel.scopes)
        else "read",
    }
    if enforced and left < 0:
        raise Answered(problem(429, "Too Many Requests", "Too Many Requests"))


def with_rate_headers(response: Response) -> Response:
    response.headers.update(g.get("rate_headers", {}))
    return response
