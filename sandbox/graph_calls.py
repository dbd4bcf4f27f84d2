"""The common part of every Graph API call: version, token, appsecret_proof, faults, and error bodies."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import Any

from flask import Response, g, request

from sandbox.calls import Answered, apply_faults, body_fields, json_response
from sandbox.config import SandboxChannel
from sandbox.identity import trace_id
from sandbox.state import Sandbox, current_sandbox

OLDEST_VERSION = 21
NEWEST_VERSION = 26
SEND_EDGES = ("comments", "replies", "mentions", "messages", "feed")
_VERSION = re.compile(r"v(\d{1,2})\.(\d)")


@dataclass(frozen=True, slots=True)
class Call:
    """An authenticated call: the calling account, the object (node and edge) and the parameters."""

    sandbox: Sandbox
    channel: SandboxChannel
    method: str
    version: str
    node: str
    edge: str
    args: dict[str, Any]

    def text(self, name: str) -> str:
        """A parameter as text; "" if it is missing."""
        value = self.args.get(name)
        return value if isinstance(value, str) else "" if value is None else json.dumps(value)

    def nested(self, name: str) -> dict[str, Any]:
        """A parameter that is an object, from a JSON body or as JSON in a form; {} if it is missing."""
        value = self.args.get(name)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                raise error(100, f"(#100) Param {name} must be a JSON object") from None
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise error(100, f"(#100) Param {name} must be a JSON object")
        return value


def error(
    code: int,
    message: str,
    *,
    status: int = 400,
    type: str = "OAuthException",
    subcode: int | None = None,
    details: str | None = None,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Answered:
    """An error of the Graph API. `details` is WhatsApp's `error_data.details`."""
    body: dict[str, Any] = {"message": message, "type": type, "code": code}
    if details is not None:
        body["error_data"] = {"messaging_product": "whatsapp", "details": details}
    if subcode is not None:
        body["error_subcode"] = subcode
    body |= more
    body["fbtrace_id"] = trace_id()
    return Answered(json_response({"error": body}, status, headers))


def unknown_object(node: str, method: str) -> Answered:
    """The error for a missing object. Meta gives the same one if the token may not see the object."""
    verb = {"GET": "get", "POST": "post", "DELETE": "delete"}.get(method, "get")
    return error(
        100,
        f"Unsupported {verb} request. Object with ID '{node}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation. Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api",
        type="GraphMethodException",
        subcode=33,
    )


def unknown_edge(call: Call) -> Answered:
    """The error for an edge that the object does not have."""
    if call.method == "GET":
        return error(100, f"(#100) Tried accessing nonexisting field ({call.edge}) on node type (Object)")
    return error(3, "(#3) Application does not have the capability to make this API call.")


def authenticate(version: str, path: str) -> Call:
    """Authenticate the current call and apply the channel's faults. Raises Answered with Meta's errors."""
    sandbox = current_sandbox()
    _check_version(version, path)
    args: dict[str, Any] = {**request.args.to_dict(), **body_fields()}
    token = _token(args)
    channel = channel_of_token(sandbox, token)
    _check_proof(sandbox, token, args)
    args.pop("access_token", None)
    node, _, edge = path.strip("/").partition("/")
    call = Call(
        sandbox=sandbox,
        channel=channel,
        method=request.method,
        version=version,
        node=channel.external_id if node == "me" else node,
        edge=edge.strip("/"),
        args=args,
    )
    g.graph_call = call
    _apply_faults(call)
    return call


def require_scope(call: Call, scope: str) -> None:
    """Refuse a token that lacks a permission."""
    if call.sandbox.access_of(call.channel.key).permits(scope, call.channel.scopes):
        return
    if call.channel.platform == "whatsapp":
        raise error(10, "(#10) Application does not have permission for this action", status=403)
    raise error(200, f"(#200) Requires {scope} permission to manage the object", status=403)


def _check_version(version: str, path: str) -> None:
    match = _VERSION.fullmatch(version)
    if match is None or int(match[1]) > NEWEST_VERSION:
        raise error(2500, f"Unknown path components: /{version}/{path}")
    if int(match[1]) < OLDEST_VERSION:
        raise error(
            2635,
            "(#2635) You are calling a deprecated version of the API. Please update to the latest version: "
            f"v{NEWEST_VERSION}.0.",
        )


def _token(args: dict[str, Any]) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() in ("bearer", "oauth") and token:
        return token.strip()
    token = str(args.get("access_token") or "")
    if not token:
        raise error(
            2500,
            "An active access token must be used to query information about the current user.",
            status=400,
        )
    return token


def channel_of_token(sandbox: Sandbox, token: str) -> SandboxChannel:
    """The channel that a token belongs to. Refuses unknown and expired tokens."""
    for channel in sandbox.config.channels:
        if channel.platform == "x":
            continue
        account_access = sandbox.access_of(channel.key)
        if token in (channel.token, *account_access.tokens):
            if account_access.is_expired(sandbox.clock.now()):
                raise _expired(sandbox)
            return channel
    raise error(
        190,
        "Error validating access token: The session has been invalidated because the user changed their "
        "password or Facebook has changed the session for security reasons.",
        status=401,
        subcode=460,
    )


def _expired(sandbox: Sandbox) -> Answered:
    now = sandbox.clock.now().strftime("%A, %d-%b-%y %H:%M:%S UTC")
    return error(
        190,
        f"Error validating access token: Session has expired on {now}. The current time is {now}.",
        status=401,
        subcode=463,
    )


def _check_proof(sandbox: Sandbox, token: str, args: dict[str, Any]) -> None:
    proof = args.pop("appsecret_proof", None)
    if proof is None:
        return
    secret = sandbox.config.meta_app_secret.encode()
    expected = hmac.new(secret, token.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(str(proof).encode(), expected.encode()):
        raise error(100, "Invalid appsecret_proof provided in the API argument", type="GraphMethodException")


def _is_send(call: Call) -> bool:
    if call.method != "POST" or call.edge not in SEND_EDGES:
        return False
    return not (
        call.edge == "messages" and ("sender_action" in call.args or call.args.get("status") == "read")
    )


def _apply_faults(call: Call) -> None:
    fault = apply_faults(call.sandbox, call.channel, is_send=_is_send(call))
    platform = call.channel.platform
    if fault == "rate_limit":
        raise _rate_limited(call)
    if fault == "server_error":
        if platform == "whatsapp":
            raise error(131000, "(#131000) Something went wrong", status=500, details="Something went wrong.")
        raise error(
            2,
            "An unexpected error has occurred. Please retry your request later.",
            status=500,
            is_transient=True,
        )
    if fault == "expired_token":
        raise _expired(call.sandbox)
    if fault == "revoked_scope":
        if platform == "whatsapp":
            raise error(10, "(#10) Application does not have permission for this action", status=403)
        raise error(
            200, "(#200) The permission needed for this call was not granted or was revoked", status=403
        )
    if fault == "refuse":
        raise _refused(call)


def with_usage(response: Response) -> Response:
    """Add the usage header, if a control call has set the account's used share of the limit."""
    call = g.get("graph_call")
    if isinstance(call, Call) and (used := call.sandbox.access_of(call.channel.key).used_percent):
        response.headers["X-Business-Use-Case-Usage"] = json.dumps(_usage(call, used, 0))
    return response


def _usage(call: Call, percent: int, minutes: int) -> dict[str, list[dict[str, str | int]]]:
    kind = {"facebook": "pages"}.get(call.channel.platform, call.channel.platform)
    if call.edge == "messages" and kind != "whatsapp":
        kind = "messenger"
    return {
        call.channel.external_id: [
            {
                "type": kind,
                "call_count": percent,
                "total_cputime": percent // 2,
                "total_time": percent // 2,
                "estimated_time_to_regain_access": minutes,
            }
        ]
    }


def _rate_limited(call: Call) -> Answered:
    seconds = call.sandbox.config.rate_limit_seconds
    if call.channel.platform == "whatsapp":
        return error(
            130429,
            "(#130429) Rate limit hit",
            status=429,
            details="Message failed to send because there were too many messages sent from this phone number "
            "in a short period of time",
        )
    code = {"facebook": 80001, "instagram": 80002}[call.channel.platform]
    if call.edge == "messages":
        code = 80006
    usage = _usage(call, 100, max(1, round(seconds / 60)))
    return error(
        code,
        f"(#{code}) There have been too many calls to this account. Wait a bit and try again.",
        headers={"X-Business-Use-Case-Usage": json.dumps(usage)},
    )


def _refused(call: Call) -> Answered:
    if call.channel.platform == "whatsapp":
        return error(
            131026,
            "(#131026) Message undeliverable",
            details="Message Undeliverable. Unable to deliver message.",
        )
    if call.edge == "messages":
        return error(551, "(#551) This person isn't available right now.", subcode=1545041)
    return error(
        100,
        "Invalid parameter",
        error_user_title="Comment can't be posted",
        error_user_msg="This comment can't be posted because its author limits who may reply.",
        is_transient=False,
    )
