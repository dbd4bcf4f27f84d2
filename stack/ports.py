"""Checks that a port is free before the programs that need it are started."""

from __future__ import annotations

import errno
import socket

from stack.errors import StackError


def require_free(host: str, port: int, *, setting: str) -> None:
    """Raise StackError, naming the setting to change, if `port` cannot be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # The servers set it too: a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            why = "is in use by another program" if taken else f"cannot be used ({error.strerror})"
            raise StackError(f"Port {port} {why}. Choose another: {setting}.") from None
