"""What all platform APIs share: applying faults to a call, hanging up, reading and writing JSON."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from typing import Any

from flask import Response, g, request

from sandbox.config import SandboxChannel
from sandbox.faults import CALL_FAULTS
from sandbox.state import Sandbox


class Answered(Exception):
    """Ends the handling of a call with this response."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def json_response(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(
        json.dumps(body), status=status, headers=headers, content_type="application/json; charset=UTF-8"
    )


def apply_faults(sandbox: Sandbox, channel: SandboxChannel, *, is_send: bool) -> str | None:
    """Take the next fault of `channel` and apply it, if it is `slow`, `hang` or `html_error`.

    Returns a fault whose answer depends on the platform, or None. `hang` closes the connection unanswered.
    """
    fault = sandbox.faults.take(channel.key, (*CALL_FAULTS, *(("refuse", "hang") if is_send else ())))
    if fault == "slow":
        sandbox.stopping.wait(sandbox.config.slow_seconds)
        return None
    if fault == "hang":
        sandbox.stopping.wait(sandbox.config.hang_seconds)
        g.hang_up = True
        raise Answered(Response(status=504))
    if fault == "html_error":
        page = (
            "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Bad Gateway</h1></body></html>"
        )
        raise Answered(Response(page, status=502, content_type="text/html; charset=utf-8"))
    return fault


def hang_up_after_publishing(sandbox: Sandbox, channel: SandboxChannel) -> None:
    """Take the fault `accept_then_hang_up`: the connection then closes before the caller is answered."""
    if sandbox.faults.take(channel.key, ("accept_then_hang_up",)):
        g.hang_up = True


def hang_up_if_asked(response: Response) -> Response:
    """Close the connection instead of answering, if a fault set `g.hang_up`."""
    if g.pop("hang_up", False):
        connection = request.environ.get("werkzeug.socket")
        if isinstance(connection, socket.socket):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
    return response


def body_fields() -> dict[str, Any]:
    """The parameters in the body of the current request, from JSON or a form."""
    if request.mimetype == "application/json":
        read = request.get_json(silent=True)
        return read if isinstance(read, dict) else {}
    return request.form.to_dict()
