"""Reading in the X API v2: users, mentions, timelines, posts by id, recent search."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, request

from sandbox import x_shapes
from sandbox.calls import Answered, json_response
from sandbox.config import SandboxChannel
from sandbox.faults import LIST_FAULTS
from sandbox.state import Sandbox
from sandbox.world import Entry
from sandbox.x_calls import answer_ended, authenticate, authenticate_account, invalid, with_rate_headers

blueprint = Blueprint("x", __name__)
blueprint.register_error_handler(Answered, answer_ended)
blueprint.after_request(with_rate_headers)


def _listed(name: str, among: frozenset[str]) -> frozenset[str]:
    """The values of a comma-separated parameter. Refuses unknown ones, as X does."""
    values = frozenset(value for value in request.args.get(name, "").split(",") if value)
    for value in sorted(values - among):
        raise invalid(
            name, value, f"The `{name}` query parameter value [{value}] is not one of {sorted(among)}"
        )
    return values


def _answer_posts(
    sandbox: Sandbox, entries: list[Entry], *, versions: dict[str, str] | None = None
) -> dict[str, Any]:
    """`data`, `includes` and `errors` for these posts, with the requested fields and expansions."""
    expansions = _listed("expansions", frozenset(x_shapes.EXPANSIONS))
    fields = _listed("tweet.fields", x_shapes.TWEET_FIELDS)
    users = _listed("user.fields", x_shapes.USER_FIELDS)
    fields |= {x_shapes.EXPANSIONS[expansion] for expansion in expansions}
    included, errors = x_shapes.includes(sandbox.world, entries, expansions, fields, users)
    answer: dict[str, Any] = {}
    if entries:
        answer["data"] = [
            x_shapes.tweet(sandbox.world, entry, fields, version=(versions or {}).get(entry.id))
            for entry in entries
        ]
    if included:
        answer["includes"] = included
    if errors:
        answer["errors"] = errors
    return answer


def _page(
    sandbox: Sandbox,
    entries: list[Entry],
    *,
    least: int,
    most: int,
    default: int,
    token_name: str = "pagination_token",  # noqa: S107 - the name of a query parameter
) -> Response:
    """One page of `entries`, newest first, between since_id and until_id."""
    size_text = request.args.get("max_results", str(default))
    if not size_text.isdigit() or not least <= int(size_text) <= most:
        message = f"The `max_results` query parameter value [{size_text}] is not between {least} and {most}"
        raise invalid("max_results", size_text, message)
    since, until = _id_parameter("since_id"), _id_parameter("until_id")
    start, end = _time_parameter("start_time"), _time_parameter("end_time")
    found = sorted(
        (
            entry
            for entry in entries
            if (since is None or int(entry.latest_id) > since)
            and (until is None or int(entry.latest_id) < until)
            and (start is None or entry.versions[-1].at >= start)
            and (end is None or entry.versions[-1].at < end)
        ),
        key=lambda entry: int(entry.latest_id),
        reverse=True,
    )
    token = request.args.get(token_name) or request.args.get("pagination_token")
    if token is not None:
        match = re.fullmatch(r"7140dibdnow9c7btw(\d+)", token)
        if match is None:
            raise invalid(
                token_name, token, f"The `{token_name}` query parameter value [{token}] is not valid"
            )
        found = [entry for entry in found if int(entry.latest_id) < int(match[1])]
    size = int(size_text)
    page = found[:size]
    answer = _answer_posts(sandbox, page)
    meta: dict[str, Any] = {"result_count": len(page)}
    if page:
        meta |= {"newest_id": page[0].latest_id, "oldest_id": page[-1].latest_id}
    if len(found) > size:
        meta["next_token"] = f"7140dibdnow9c7btw{page[-1].latest_id}"
    answer["meta"] = meta
    return json_response(answer)


def _id_parameter(name: str) -> int | None:
    value = request.args.get(name)
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,19}", value):
        raise invalid(name, value, f"The `{name}` query parameter value [{value}] is not valid")
    return int(value)


def _time_parameter(name: str) -> datetime | None:
    value = request.args.get(name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise invalid(name, value, f"The `{name}` query parameter value [{value}] is not valid")
    return moment


def _account(sandbox: Sandbox, user_id: str) -> SandboxChannel:
    for channel in sandbox.config.channels:
        if channel.platform == "x" and channel.external_id == user_id:
            return channel
    if not user_id.isdigit():
        raise invalid("id", user_id, f"The `id` query parameter value [{user_id}] is not valid")
    error = x_shapes.not_found(user_id, "id") | {
        "resource_type": "user",
        "detail": f"Could not find user with id: [{user_id}].",
    }
    raise Answered(json_response({"errors": [error]}))


@blueprint.get("/2/users/me")
def me() -> Response:
    """The account whose token this is."""
    _, channel = authenticate_account("users")
    fields = _listed("user.fields", x_shapes.USER_FIELDS)
    return json_response({"data": x_shapes.user_of_channel(channel, fields)})


@blueprint.get("/2/users/<user_id>")
def user(user_id: str) -> Response:
    """One of our accounts by its id."""
    sandbox, _ = authenticate("users")
    fields = _listed("user.fields", x_shapes.USER_FIELDS)
    return json_response({"data": x_shapes.user_of_channel(_account(sandbox, user_id), fields)})


@blueprint.get("/2/users/<user_id>/mentions")
def mentions(user_id: str) -> Response:
    """Posts of others that mention the account, in the text or as a reply in its conversation."""
    sandbox, _ = authenticate("mentions")
    account = _account(sandbox, user_id)
    is_late = sandbox.faults.take(account.key, LIST_FAULTS) is not None
    with sandbox.world.lock:
        named = [
            entry
            for entry in sandbox.world.entries("x")
            if entry.is_public and account.key in entry.mentions and entry.author != account.external_id
        ]
        if is_late:  # the index lacks the second newest post, but has the newest
            del named[-2:-1]
        return _page(sandbox, named, least=5, most=100, default=10)


@blueprint.get("/2/users/<user_id>/tweets")
def timeline(user_id: str) -> Response:
    """The account's own posts and replies."""
    sandbox, _ = authenticate("timeline")
    account = _account(sandbox, user_id)
    without_replies = "replies" in request.args.get("exclude", "").split(",")
    with sandbox.world.lock:
        own = [
            entry
            for entry in sandbox.world.entries("x")
            if entry.is_public
            and entry.author == account.external_id
            and not (without_replies and entry.parent is not None)
        ]
        return _page(sandbox, own, least=5, most=100, default=10)


@blueprint.get("/2/tweets")
def lookup() -> Response:
    """Posts by id. Missing ones are reported as partial errors."""
    sandbox, _ = authenticate("lookup")
    ids = [post_id for post_id in request.args.get("ids", "").split(",") if post_id]
    if not 1 <= len(ids) <= 100:
        raise invalid("ids", request.args.get("ids", ""), "The `ids` query parameter needs 1 to 100 ids")
    for post_id in ids:
        if not post_id.isdigit():
            raise invalid("ids", post_id, f"The `ids` query parameter value [{post_id}] is not valid")
    return _by_ids(sandbox, ids, "ids")


@blueprint.get("/2/tweets/<tweet_id>")
def one_tweet(tweet_id: str) -> Response:
    """One post by id."""
    sandbox, _ = authenticate("lookup")
    if not tweet_id.isdigit():
        raise invalid("id", tweet_id, f"The `id` query parameter value [{tweet_id}] is not valid")
    answer = _by_ids(sandbox, [tweet_id], "id")
    body = answer.get_json()
    return json_response({**body, "data": body["data"][0]} if "data" in body else body)


def _by_ids(sandbox: Sandbox, ids: list[str], parameter: str) -> Response:
    with sandbox.world.lock:
        found: list[Entry] = []
        missing: list[dict[str, Any]] = []
        versions: dict[str, str] = {}
        for post_id in ids:
            entry = sandbox.world.find("x", post_id)
            if entry is None or not entry.is_public:
                missing.append(x_shapes.not_found(post_id, parameter))
            else:
                found.append(entry)
                versions[entry.id] = post_id
        answer = _answer_posts(sandbox, found, versions=versions)
        if missing:
            answer["errors"] = missing + answer.get("errors", [])
        return json_response(answer)


_OPERATORS: dict[str, Callable[[Sandbox, Entry, str], bool]] = {
    "conversation_id": lambda _sandbox, entry, value: (entry.root or entry.id) == value,
    "from": lambda sandbox, entry, value: (
        value.lower() in (entry.author, sandbox.world.author_handle(entry).lower())
    ),
    "to": lambda sandbox, entry, value: any(
        value.lower() in (channel.external_id, channel.handle.lower())
        for channel in sandbox.config.channels
        if channel.key in entry.mentions
    ),
    "is": lambda _sandbox, entry, value: value == "reply" and entry.parent is not None,
    "has": lambda _sandbox, entry, value: value in ("media", "images") and bool(entry.media),
}


@blueprint.get("/2/tweets/search/recent")
def search() -> Response:
    """Posts of the last seven days that match `query`: words, @names and the operators in `_OPERATORS`."""
    sandbox, _ = authenticate("search")
    query = request.args.get("query", "")
    if not query or len(query) > 512:
        raise invalid("query", query, "The `query` query parameter must have 1 to 512 characters")
    tests: list[Callable[[Entry], bool]] = [_term(sandbox, term, query) for term in query.split()]
    since = sandbox.clock.now() - timedelta(days=7)
    with sandbox.world.lock:
        found = [
            entry
            for entry in sandbox.world.entries("x")
            if entry.is_public and entry.sent_at >= since and all(test(entry) for test in tests)
        ]
        return _page(sandbox, found, least=10, most=100, default=10, token_name="next_token")


def _term(sandbox: Sandbox, term: str, query: str) -> Callable[[Entry], bool]:
    wanted, bare = not term.startswith("-"), term.removeprefix("-")
    if ":" in bare:
        name, value = bare.split(":", 1)
        if name not in _OPERATORS or not value:
            raise invalid(
                "query", query, f"There were errors processing your request: unknown operator at {bare}"
            )
        return lambda entry: _OPERATORS[name](sandbox, entry, value) is wanted
    word = bare.strip('"').lower()
    return lambda entry: (word in entry.text.lower()) is wanted
