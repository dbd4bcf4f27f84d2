"""The citizen's page at /, where a person plays the citizen, and the pictures citizens send."""

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
from sandbox.state import here

blueprint = Blueprint("page", __name__, static_folder="static", static_url_path="/_static")

LABELS = {"x": "X", "facebook": "Facebook", "instagram": "Instagram", "whatsapp": "WhatsApp"}


@blueprint.get("/")
def show() -> Response:
    """The page; its script fills it from /_control."""
    sandbox = here()
    chosen = sandbox.config.citizens_page_channels
    channels = [one for one in sandbox.config.channels if not chosen or one.key in chosen]
    groups = [
        {
            "platform": platform,
            "label": label,
            "channels": [one for one in channels if one.platform == platform],
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
    """How many answers the municipality gave to one citizen on each channel."""
    sandbox, author = here(), request.args.get("author", "")
    counts: dict[str, dict[str, int]] = {}
    with sandbox.world.lock:
        for channel in sandbox.config.channels:
            me = sandbox.world.known_as(channel, author)
            answers = 0 if me is None else len(answers_to(sandbox, channel, me.id))
            if me is not None:
                answers += sum(1 for one in sandbox.world.chat(channel, me.id) if one.ours and one.is_public)
            counts[channel.key] = {"answers": answers}
    return json_response({"channels": counts})


@blueprint.get("/_page/sample")
def sample() -> Response:
    """A sentence a citizen could say: `kind=chat` may be a question, else what stands in public."""
    private = request.args.get("kind") == "chat"
    kinds = ["place", "question", "no_place", "not_ours" if private else "praise"]
    return json_response({"text": random.choice(TEXTS[random.choice(kinds)])})


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


@lru_cache(maxsize=64)
def drawn_picture(seed: str, width: int = 480, height: int = 360) -> bytes:
    """A PNG that stands for a citizen's photo: a street with a hole in it, its colours by `seed`."""
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
