"""The page at /, on which a person acts as a citizen, and the pictures that citizens send."""

from __future__ import annotations

import base64
import random
import struct
import zlib
from binascii import Error as Base64Error
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from flask import Blueprint, Response, render_template, request

from sandbox.calls import json_response
from sandbox.citizen_texts import NAMES, TEXTS
from sandbox.rating import answers_to
from sandbox.state import current_sandbox

blueprint = Blueprint("page", __name__, static_folder="static", static_url_path="/_static")

LABELS = {"x": "X", "facebook": "Facebook", "instagram": "Instagram", "whatsapp": "WhatsApp"}


@blueprint.get("/")
def show() -> Response:
    """The page. Its script loads the data from /_control."""
    sandbox = current_sandbox()
    chosen = sandbox.config.citizens_page_channels
    channels = [channel for channel in sandbox.config.channels if not chosen or channel.key in chosen]
    groups = [
        {
            "platform": platform,
            "label": label,
            "channels": [channel for channel in channels if channel.platform == platform],
        }
        for platform, label in LABELS.items()
    ]
    groups = [group for group in groups if group["channels"]]
    response = Response(render_template("citizen.html", groups=groups, names=NAMES))
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "img-src 'self' data: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.get("/_page/summary")
def summary() -> Response:
    """The number of answers that one citizen received on each channel."""
    sandbox, author = current_sandbox(), request.args.get("author", "")
    counts: dict[str, dict[str, int]] = {}
    with sandbox.world.lock:
        for channel in sandbox.config.channels:
            me = sandbox.world.find_person(channel, author)
            answers = 0 if me is None else len(answers_to(sandbox, channel, me.id))
            if me is not None:
                answers += sum(
                    1 for message in sandbox.world.chat(channel, me.id) if message.ours and message.is_public
                )
            counts[channel.key] = {"answers": answers}
    return json_response({"channels": counts})


@blueprint.get("/_page/sample")
def sample() -> Response:
    """A random text to write. With `kind=chat` it may be a matter of other authorities, else praise."""
    private = request.args.get("kind") == "chat"
    kinds = ["place", "question", "no_place", "not_ours" if private else "praise"]
    return json_response({"text": random.choice(TEXTS[random.choice(kinds)])})


@blueprint.get("/_media/<id>")
def picture(id: str) -> Response:
    """A picture that a citizen sent: its bytes if it came as a `data:` URL, else a generated one."""
    sandbox = current_sandbox()
    with sandbox.world.lock:
        for platform in ("x", "facebook", "instagram", "whatsapp"):
            for entry in sandbox.world.entries(platform):
                for media in entry.media:
                    if media["id"] == id:
                        return _bytes_of(media.get("data", media["url"]), media["mime"])
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


@lru_cache(maxsize=64)
def drawn_picture(seed: str, width: int = 480, height: int = 360) -> bytes:
    """A generated PNG in place of a citizen's photo: a street with a pothole, coloured by `seed`."""
    dice = random.Random(seed)
    houses = [
        (x, x + dice.randint(50, 80), dice.randint(60, 150), bytes(dice.randint(130, 215) for _ in range(3)))
        for x in range(-10, width, 78)
    ]
    horizon, hole_x, hole_y = int(height * 0.58), dice.randint(180, 300), int(height * 0.82)
    hole_width, hole_height = dice.randint(70, 110), dice.randint(18, 28)
    rows = bytearray()
    for y in range(height):
        if y < horizon:
            light = y * 60 // horizon
            row = bytearray(bytes((150 + light, 190 + light // 2, 225)) * width)
            for left, right, top, colour in houses:
                if y > top:
                    start, end = max(left, 0), min(right, width)
                    window = (y - top) % 34 in range(10, 24)
                    for x in range(start, end):
                        lit = window and (x - left) % 22 in range(6, 16)
                        row[x * 3 : x * 3 + 3] = b"\x5a\x6c\x82" if lit else colour
        else:
            shade = 92 + (y - horizon) // 6
            row = bytearray(bytes((shade, shade, shade + 4)) * width)
            across = 1 - ((y - hole_y) / hole_height) ** 2
            if across > 0:
                half = int(hole_width * across**0.5)
                row[(hole_x - half) * 3 : (hole_x + half) * 3] = bytes((44, 40, 38)) * (2 * half)
        rows += b"\0" + row

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")
