"""The control calls under /_control, with which tests, the demo and the citizens' page act as citizens."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import requests
from flask import Blueprint, Response, request

from sandbox import acts, afterwards, rating, truth
from sandbox.acts import NothingToAnswer, Saying, WrongInput
from sandbox.calls import json_response
from sandbox.faults import FAULTS, HOOK_FAULTS, SEND_FAULTS
from sandbox.state import current_sandbox
from sandbox.world import Entry

MOST_SAYINGS = 100
LONGEST_PICTURE = 4_000_000
blueprint = Blueprint("control", __name__, url_prefix="/_control")


@blueprint.errorhandler(WrongInput)
def _wrong(wrong: WrongInput) -> Response:
    body: dict[str, Any] = {"error": str(wrong)}
    if wrong.exist is not None:
        body["exist"] = list(wrong.exist)
    return json_response(body, 422)


@blueprint.errorhandler(NothingToAnswer)
def _nothing(nothing: NothingToAnswer) -> Response:
    return json_response({"error": str(nothing)}, 409)


def _body(*, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return _object(request.get_json(silent=True), needed=needed, optional=optional)


def _object(read: Any, *, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    if not isinstance(read, dict):
        raise WrongInput("the body must be a JSON object", [*needed, *optional])
    missing = [name for name in needed if read.get(name) is None]
    unknown = [name for name in read if name not in (*needed, *optional)]
    if missing or unknown:
        raise WrongInput(f"missing {missing}, unknown {unknown}", [*needed, *optional])
    return read


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise WrongInput(f"{name} must be text")
    return value


def _whole(body: dict[str, Any], name: str, default: int | None = None) -> int:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise WrongInput(f"{name} must be a whole number")
    return value


_SAYING = {
    "needed": ("channel", "author", "text"),
    "optional": ("parent", "kind", "media", "hide_phone", "by_us", "choice"),
}


@blueprint.post("/say")
def say() -> Response:
    """A citizen writes, or taps a `choice` of `parent`. `by_us`: the municipality writes in the app."""
    return json_response({"external_id": _said(_body(**_SAYING)).id})


@blueprint.post("/say_many")
def say_many() -> Response:
    """Several citizens write. `together`: Meta's hooks for it are merged into one body."""
    body = _body(needed=("sayings",), optional=("together",))
    sayings = body["sayings"]
    if not isinstance(sayings, list) or not 0 < len(sayings) <= MOST_SAYINGS:
        raise WrongInput(f"sayings must be a list of 1 to {MOST_SAYINGS}")
    read = [_object(saying, **_SAYING) for saying in sayings]
    with current_sandbox().hooks.together() if body.get("together") else nullcontext():
        return json_response({"external_ids": [_said(saying).id for saying in read]})


def _said(body: dict[str, Any]) -> Entry:
    sandbox = current_sandbox()
    channel = acts.channel_of(sandbox, _text(body, "channel"))
    media = body.get("media") or []
    media = [media] if isinstance(media, str) else media
    if not isinstance(media, list) or not all(isinstance(picture, str) and picture for picture in media):
        raise WrongInput("media must be the URL of a picture or a list of such URLs")
    if any(len(picture) > LONGEST_PICTURE for picture in media):
        raise WrongInput(f"media must not be longer than {LONGEST_PICTURE} characters")
    if body.get("choice"):
        offered = acts.find_entry(sandbox, channel, _text(body, "parent"))
        return acts.choose(sandbox, channel, _text(body, "author"), offered, _text(body, "choice"))
    saying = Saying(
        base_url=request.host_url.rstrip("/"),
        author=_text(body, "author"),
        text=_text(body, "text"),
        parent=_text(body, "parent") or None,
        kind=_text(body, "kind") or None,
        media=tuple(media),
        hide_phone=bool(body.get("hide_phone")),
    )
    speak = afterwards.typed_in_app if body.get("by_us") else acts.say
    return speak(sandbox, channel, saying)


@blueprint.post("/edit")
def edit() -> Response:
    """A citizen edits what they wrote."""
    sandbox = current_sandbox()
    body = _body(needed=("external_id", "text"), optional=("channel", "author"))
    entry = _entry(body)
    afterwards.edit(sandbox, entry, _text(body, "text"))
    return json_response({"external_id": entry.id, "latest_id": entry.latest_id})


@blueprint.post("/delete")
def delete() -> Response:
    """A citizen deletes what they wrote."""
    sandbox = current_sandbox()
    entry = _entry(_body(needed=("external_id",), optional=("channel", "author")))
    afterwards.delete(sandbox, entry)
    return json_response({"external_id": entry.id})


@blueprint.post("/react")
def react() -> Response:
    """A citizen reacts to an entry. An empty reaction removes theirs."""
    sandbox = current_sandbox()
    body = _body(needed=("external_id", "author"), optional=("channel", "reaction"))
    entry = _entry(body)
    reaction = _text(body, "reaction") if "reaction" in body else "👍"
    afterwards.react(sandbox, entry, author=_text(body, "author"), reaction=reaction)
    return json_response({"external_id": entry.id})


def _entry(body: dict[str, Any]) -> Any:
    sandbox = current_sandbox()
    channel = acts.channel_of(sandbox, _text(body, "channel")) if body.get("channel") else None
    return acts.find_entry(sandbox, channel, _text(body, "external_id"))


@blueprint.post("/rate")
def rate() -> Response:
    """A citizen gives a rating: by button, list row, quick reply or text, depending on what they received."""
    sandbox = current_sandbox()
    body = _body(needed=("channel", "author", "stars"), optional=("text",))
    channel = acts.channel_of(sandbox, _text(body, "channel"))
    entry, way = rating.rate(
        sandbox, channel, _text(body, "author"), _whole(body, "stars"), _text(body, "text")
    )
    return json_response({"external_id": entry.id, "as": way})


@blueprint.get("/threads")
def threads() -> Response:
    """All posts, comments and chats of one channel."""
    sandbox = current_sandbox()
    channel = acts.channel_of(sandbox, request.args.get("channel", ""))
    tag = f'"{channel.key}-{sandbox.world.revision}"'
    if request.headers.get("If-None-Match") == tag:
        return Response(status=304, headers={"ETag": tag})
    return json_response(truth.threads(sandbox, channel), headers={"ETag": tag, "Cache-Control": "no-cache"})


@blueprint.route("/faults", methods=["GET", "POST"])
def faults() -> Response:
    """POST: set a fault on a channel. GET: list the faults that are still due."""
    sandbox = current_sandbox()
    if request.method == "GET":
        return json_response({"faults": sandbox.faults.left()})
    body = _body(needed=("channel", "fault"), optional=("times",))
    channel = acts.channel_of(sandbox, _text(body, "channel"))
    fault, times = _text(body, "fault"), _whole(body, "times", 1)
    if fault not in FAULTS:
        raise WrongInput(f"fault {fault!r} does not exist", FAULTS)
    if times < 0:
        raise WrongInput("times must not be negative")
    sandbox.faults.put(channel.key, fault, times)
    counted = "sends" if fault in SEND_FAULTS else "hooks" if fault in HOOK_FAULTS else "calls"
    return json_response({"channel": channel.key, "fault": fault, "times": times, "counts": counted})


@blueprint.post("/access")
def access() -> Response:
    """Change an account's permissions, the expiry of its tokens, or its used share of the rate limit."""
    body = _body(needed=("channel",), optional=("scopes", "expires_in", "used_percent"))
    channel = acts.channel_of(current_sandbox(), _text(body, "channel"))
    account_access = current_sandbox().access_of(channel.key)
    scopes = body.get("scopes")
    if scopes is not None and not (
        isinstance(scopes, list) and all(isinstance(scope, str) for scope in scopes)
    ):
        raise WrongInput("scopes must be a list of names")
    if scopes is not None:
        account_access.scopes = tuple(scopes)
    if body.get("expires_in") is not None:
        account_access.expires_at = current_sandbox().clock.now() + timedelta(
            seconds=_whole(body, "expires_in")
        )
    if body.get("used_percent") is not None:
        account_access.used_percent = _whole(body, "used_percent")
    return json_response({"channel": channel.key})


@blueprint.post("/clock")
def clock() -> Response:
    """Set the shift of this sandbox's clock against the machine's, in seconds."""
    sandbox = current_sandbox()
    sandbox.clock.shift = timedelta(seconds=_whole(_body(needed=("shift_seconds",)), "shift_seconds"))
    return json_response({"now": sandbox.clock.now().isoformat()})


@blueprint.post("/verify_hooks")
def verify_hooks() -> Response:
    """Challenge the product's hooks, as the platforms do when a hook is registered."""
    sandbox = current_sandbox()
    if not sandbox.config.hook_base_url:
        raise WrongInput("hook_base_url is not set")
    proven: dict[str, bool] = {}
    for family in ("meta", "x"):
        try:
            proven[family] = sandbox.hooks.challenge(family)
        except requests.RequestException:
            proven[family] = False
    return json_response(proven)


@blueprint.post("/reset")
def reset() -> Response:
    """Reset everything to the start: only the seeded posts remain."""
    current_sandbox().reset()
    return json_response({"reset": True})


@blueprint.get("/health")
def health() -> Response:
    """The channels, hook counters, due faults and clock of the running sandbox."""
    sandbox = current_sandbox()
    return json_response(
        {
            "ok": True,
            "channels": [
                {
                    "key": channel.key,
                    "platform": channel.platform,
                    "name": channel.name,
                    "handle": channel.handle,
                    "external_id": channel.external_id,
                }
                for channel in sandbox.config.channels
            ],
            "hooks": {"pending": sandbox.hooks.pending(), **sandbox.hooks.counts},
            "faults": sandbox.faults.left(),
            "revision": sandbox.world.revision,
            "now": sandbox.clock.now().isoformat(),
        }
    )
