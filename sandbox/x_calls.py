"""Every call of the X API begins here: who calls, which faults befall them, how X words its refusals."""

from __future__ import annotations

from typing import Any

from flask import Response, g

from sandbox.calls import Answered, json_response, meet_faults
from sandbox.config import SandboxChannel
from sandbox.oauth import caller
from sandbox.state import RateWindow, Sandbox, here

LIMITS = {"mentions": 300, "timeline": 900, "search": 300, "lookup": 5000, "users": 900, "write": 100}
WINDOW_SECONDS = 900
SCOPES = ("tweet.read", "tweet.write", "users.read", "offline.access")


def problem(status: int, title: str, detail: str, kind: str = "about:blank", **more: Any) -> Response:
    """An error body of X."""
    uri = kind if kind == "about:blank" else f"https://api.twitter.com/2/problems/{kind}"
    return json_response({"title": title, "detail": detail, "type": uri, "status": status, **more}, status)


def invalid(parameter: str, value: Any, message: str) -> Answered:
    """A 400 that names one parameter."""
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
    """A 403 without a type, as X refuses what an account may not do."""
    return Answered(problem(403, "Forbidden", detail))


def answer_ended(ended: Answered) -> Response:
    return with_rate_headers(ended.response)


def enter(
    endpoint: str, *, write: bool = False, is_send: bool = False
) -> tuple[Sandbox, SandboxChannel | None]:
    """Who calls; refuses strangers, meets the channel's faults and counts the call."""
    sandbox = here()
    who = caller(sandbox)
    if who is None:
        raise Answered(problem(401, "Unauthorized", "Unauthorized"))
    if who.channel is None:
        if write:
            raise Answered(_unsupported_authentication())
        return sandbox, None
    channel = who.channel
    _count(sandbox, channel, endpoint)
    fault = meet_faults(sandbox, channel, is_send=is_send)
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
        write and not sandbox.standing(channel.key).permits("tweet.write", channel.scopes)
    ):
        detail = "Your client app is not configured with the appropriate permissions for this endpoint."
        raise Answered(
            problem(403, "Client Forbidden", detail, "client-forbidden", reason="client-not-enrolled")
        )
    if fault == "refuse":
        raise forbidden("You are not permitted to perform this action.")
    return sandbox, channel


def writer(endpoint: str, *, is_send: bool = False) -> tuple[Sandbox, SandboxChannel]:
    """As `enter`, for calls that need an account."""
    sandbox, channel = enter(endpoint, write=endpoint == "write", is_send=is_send)
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
    """Counts the call in its window of fifteen minutes; refuses it when the limits are enforced."""
    now, limit = sandbox.clock.now().timestamp(), LIMITS[endpoint]
    with sandbox.world.lock:
        window = sandbox.rate_windows.get((channel.key, endpoint))
        if window is None or window.ends_at <= now:
            window = RateWindow(calls=0, ends_at=now + WINDOW_SECONDS)
            sandbox.rate_windows[channel.key, endpoint] = window
        window.calls = max(window.calls + 1, limit * sandbox.standing(channel.key).used_percent // 100)
        left = limit - window.calls
    enforced = sandbox.config.enforce_x_rate_limits
    g.rate_headers = {
        "x-rate-limit-limit": str(limit),
        "x-rate-limit-remaining": str(max(left, 0 if enforced else 1)),
        "x-rate-limit-reset": str(int(window.ends_at)),
        "x-access-level": "read-write"
        if sandbox.standing(channel.key).permits("tweet.write", channel.scopes)
        else "read",
    }
    if enforced and left < 0:
        raise Answered(problem(429, "Too Many Requests", "Too Many Requests"))


def with_rate_headers(response: Response) -> Response:
    response.headers.update(g.get("rate_headers", {}))
    return response
