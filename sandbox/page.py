"""The citizen's page at /, where a person plays the citizen, and the pictures citizens send."""

from __future__ import annotations

import base64
import struct
import zlib
from binascii import Error as Base64Error
from urllib.parse import unquote_to_bytes

from flask import Blueprint, Response, render_template

from sandbox.state import here

blueprint = Blueprint("page", __name__, static_folder="static", static_url_path="/_static")


@blueprint.get("/")
def show() -> Response:
    """The page; its script fills it from /_control."""
    sandbox = here()
    chosen = sandbox.config.citizens_page_channels
    channels = [one for one in sandbox.config.channels if not chosen or one.key in chosen]
    response = Response(render_template("citizen.html", channels=channels))
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "img-src 'self' data: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.get("/_media/<id>")
def picture(id: str) -> Response:
    """A picture a citizen sent: its own bytes when it came as a data address, else a drawn stand-in."""
    sandbox = here()
    with sandbox.world.lock:
        for platform in ("x", "facebook", "instagram", "whatsapp"):
            for entry in sandbox.world.entries(platform):
                for one in entry.media:
                    if one["id"] == id:
                        return _bytes_of(one.get("data", one["url"]), one["mime"])
    return Response(status=404)


def _bytes_of(url: str, mime: str) -> Response:
    if url.startswith("data:"):
        head, _, content = url.partition(",")
        try:
            raw = base64.b64decode(content) if head.endswith(";base64") else unquote_to_bytes(content)
        except Base64Error:
            return Response(status=404)
        return Response(raw, content_type=mime)
    return Response(drawn_picture(url), content_type="image/png")


def drawn_picture(seed: str, width: int = 320, height: int = 240) -> bytes:
    """A PNG with two bands of colour that depend on `seed`."""
    mixed = zlib.crc32(seed.encode(errors="surrogatepass"))
    sky = bytes((120 + mixed % 100, 140 + (mixed >> 8) % 90, 170 + (mixed >> 16) % 80))
    ground = bytes(value // 2 for value in sky)
    rows = b"".join(b"\0" + (sky if row < height * 0.6 else ground) * width for row in range(height))

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
