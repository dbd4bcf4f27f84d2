"""What every platform promises, kept by all of them alike, and by a fifth that only this test knows.

The bodies are those of each platform's folder here: `hook-*.json` as a hook sends them, `polled-*.json` as an
edge and what it answered.
"""

from __future__ import annotations

import copy
import dataclasses
import gc
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

import connectors
from connectors.contract import Connector, Polled
from inbox.values import (
    Access,
    Fact,
    Found,
    MessageKind,
    MessageSeen,
    NotThere,
    NotUnderstood,
    Outgoing,
    ReplyKind,
    Sent,
    UnreadablePayload,
)
from tests.support import pigeon
from tests.support.pigeon import PIGEON, registered

HERE = Path(__file__).parent
ASKED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
ACCOUNTS = {
    "x": "1500000001",
    "facebook": "100200300401",
    "instagram": "17841400000000001",
    "whatsapp": "105500000000001",
    "carrierpigeon": "loft-1",
}


ALL: dict[str, Connector] = {**connectors.CONNECTORS, PIGEON.platform: PIGEON}


def _folder(platform: str) -> Path:
    return pigeon.FOLDER if platform == PIGEON.platform else HERE / platform


def _enveloped(platform: str, edge: str, body: Any) -> bytes:
    return Polled(platform, ACCOUNTS[platform], edge, ASKED, json.dumps(body)).to_bytes()


def _hooks(platform: str) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(_folder(platform).glob("hook-*.json"))}


def _polls(platform: str) -> dict[str, bytes]:
    told = {file.name: json.loads(file.read_bytes()) for file in _folder(platform).glob("polled-*.json")}
    return {name: _enveloped(platform, one["edge"], one["body"]) for name, one in sorted(told.items())}


BODIES = {platform: {**_hooks(platform), **_polls(platform)} for platform in ALL}
EACH_BODY = [
    pytest.param(platform, raw, id=f"{platform}-{name}")
    for platform, bodies in BODIES.items()
    for name, raw in bodies.items()
]
each_platform = pytest.mark.parametrize("platform", ALL)
each_body = pytest.mark.parametrize(("platform", "raw"), EACH_BODY)


@pytest.fixture(autouse=True)
def _fifth_is_listed() -> Iterator[None]:
    """The one line a further platform takes."""
    with registered():
        yield


def facts_or_unreadable(platform: str, raw: bytes) -> tuple[Fact, ...]:
    with suppress(UnreadablePayload):
        return ALL[platform].normalise(raw)
    return ()


def keep_the_promises(platform: str, raw: bytes, facts: tuple[Fact, ...]) -> None:
    """What holds of every fact, whatever body it came from."""
    texts = _strings_in(raw)
    for fact in facts:
        assert fact.platform == platform
        for name, value in _values_in(fact):
            if isinstance(value, datetime):
                assert value.utcoffset() is not None, name
            if isinstance(value, str):
                value.encode()
                assert "\x00" not in value, name
        if isinstance(fact, NotUnderstood):
            assert re.fullmatch(r"[ -~]{1,100}", fact.what)
            assert fact.account is None or fact.account in texts
            continue
        assert fact.account in texts
        assert fact.external_id
        assert not (isinstance(fact, MessageSeen) and fact.from_us and fact.author)


def _values_in(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if dataclasses.is_dataclass(value):
        for each in dataclasses.fields(value):
            yield from _values_in(getattr(value, each.name), f"{name}.{each.name}")
    elif isinstance(value, tuple):
        for place, each in enumerate(value):
            yield from _values_in(each, f"{name}[{place}]")
    else:
        yield name, value


def _strings_in(raw: bytes) -> set[str]:
    """Every string and whole number of a body, as text fit for storing; of an envelope's content too."""
    found: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)
        elif isinstance(value, str):
            found.add(re.sub("[\ud800-\udfff]", "\ufffd", value.replace("\x00", "")))
        elif isinstance(value, int):
            found.add(str(value))

    with suppress(ValueError, RecursionError):
        read = json.loads(raw)
        walk(read)
        if isinstance(read, dict) and isinstance(read.get("body"), str):
            walk(json.loads(read["body"]))
    return found


# --- what it says of itself ---------------------------------------------------------------------------


def test_every_platform_listed_has_bodies_here() -> None:
    for platform in connectors.CONNECTORS:
        assert _hooks(platform), platform
        assert bool(_polls(platform)) == bool(ALL[platform].edges), platform


@each_platform
def test_a_platform_is_listed_under_its_own_name_and_its_hook_under_the_hooks(platform: str) -> None:
    connector = ALL[platform]

    assert connector.platform == platform
    assert connector.traits.label
    assert connector.traits.credential_names
    assert connectors.HOOKS[connector.hook.name] is connector.hook


@each_platform
def test_lengths_are_counted_from_nothing_up(platform: str) -> None:
    traits = ALL[platform].traits

    assert traits.length("") == 0
    assert traits.length("a" * traits.max_length) == traits.max_length
    assert traits.length("a" * (traits.max_length + 1)) > traits.max_length
    assert traits.max_private_length > 0


@pytest.mark.parametrize("library", ["tweepy", "heyoo", "facebook"])
def test_a_platforms_library_is_named_in_one_file(library: str) -> None:
    files = Path(connectors.__file__).parent.rglob("*.py")
    naming = [
        file.name
        for file in files
        if re.search(rf"^\s*(?:import|from) {library}\b", file.read_text(encoding="utf-8"), re.MULTILINE)
    ]

    assert len(naming) == 1


def test_importing_a_connector_reads_no_environment_and_opens_nothing() -> None:
    script = """
import sys
def refuse(event, arguments):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen"):
        raise AssertionError(event)
sys.addaudithook(refuse)
import connectors
assert connectors.CONNECTORS
"""

    ended = subprocess.run(  # noqa: S603 - our own interpreter, our own words
        [sys.executable, "-c", script], env={"PATH": os.defpath}, capture_output=True, text=True, timeout=60
    )

    assert ended.returncode == 0, ended.stderr


# --- whose body it is ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("platform", "raw"),
    [pytest.param(each, raw, id=f"{each}-{name}") for each in ALL for name, raw in _hooks(each).items()],
)
@pytest.mark.parametrize("prefix", ["", "hook:"])
def test_a_hook_body_finds_its_platform(platform: str, raw: bytes, prefix: str) -> None:
    found = connectors.for_body(prefix + ALL[platform].hook.name, raw)

    assert found is ALL[platform]


@pytest.mark.parametrize("platform", [each for each in ALL if _polls(each)])
def test_a_polled_answer_finds_its_platform_wherever_it_comes_from(platform: str) -> None:
    for raw in _polls(platform).values():
        assert connectors.for_body(f"poll:{platform}-belediye:edge", raw) is ALL[platform]


@pytest.mark.parametrize("raw", [b"", b"null", b'{"object": "user"}', b'{"cozum_polled": 1, "platform": 7}'])
@pytest.mark.parametrize("source", ["hook:meta", "hook:unheard-of", ""])
def test_a_body_of_no_platform_finds_none(source: str, raw: bytes) -> None:
    assert connectors.for_body(source, raw) is None


def test_a_polled_answer_of_a_platform_we_do_not_have_finds_none() -> None:
    raw = Polled("myspace", "1", "wall", ASKED, "{}").to_bytes()

    assert connectors.for_body("poll:myspace:wall", raw) is None


# --- facts --------------------------------------------------------------------------------------------


@each_body
def test_reading_a_body_twice_gives_the_same_facts(platform: str, raw: bytes) -> None:
    first = ALL[platform].normalise(raw)

    assert first
    assert ALL[platform].normalise(raw) == first


@each_body
def test_facts_have_aware_times_accounts_of_the_body_and_storable_texts(platform: str, raw: bytes) -> None:
    keep_the_promises(platform, raw, ALL[platform].normalise(raw))


@each_platform
def test_words_of_citizens_and_words_of_ours_are_told_apart(platform: str) -> None:
    facts = [fact for raw in BODIES[platform].values() for fact in ALL[platform].normalise(raw)]
    told = [fact for fact in facts if isinstance(fact, MessageSeen)]

    assert {fact.from_us for fact in told} == {True, False}
    for fact in told:
        keys = fact.author.keys if fact.author else ()
        # A citizen's number is of another kind than the id of our line.
        assert fact.account not in {key.value for key in keys if key.scope not in ("phone", "bsuid")}


# --- hostile bodies -----------------------------------------------------------------------------------

STRANGE: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    10**30,
    10**400,
    1e308,
    float("nan"),
    float("inf"),
    "",
    " ",
    "a\x00b",
    "\x00",
    "\ud83d",
    "\ud83d\x00\udfff",
    "a" * 5000,
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "99999999999999999999",
    "-1",
    "²",
    [],
    {},
    [None],
    [[[]]],
    {"id": {"id": {}}},
    {"data": "x"},
)


def deep(by: random.Random) -> Any:
    """A value as deep as JSON can just be read."""
    value: Any = "deep"
    for _ in range(by.choice([50, 300])):
        value = by.choice([[value], {"data": [value], "id": "1"}, {"comments": {"data": [value]}, "id": "2"}])
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container of a JSON value with each of its keys."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield value, key
            yield from _places(each)
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield value, place
            yield from _places(each)


def spoil(value: Any, by: random.Random) -> None:
    """One wrong in a JSON value, in place."""
    places = list(_places(value))
    if not places:
        return
    container, key = by.choice(places)
    match by.randrange(5):
        case 0:
            del container[key]
        case 1:
            container[key] = copy.deepcopy(by.choice(STRANGE))
        case 2:
            container[key] = [container[key]]
        case 3:
            other, place = by.choice(places)
            with suppress(KeyError, IndexError):
                container[key] = json.loads(json.dumps(other[place]))
        case 4 if isinstance(container, dict):
            container[by.choice(["", "\x00", "\ud83d", "data", "id", "from"])] = container.pop(key)


def spoil_well(value: Any, by: random.Random) -> None:
    """One to six wrongs in a JSON value, in place; now and then a bottomless one, the last of them."""
    for _ in range(by.randint(1, 6)):
        spoil(value, by)
    places = list(_places(value))
    if places and by.random() < 0.1:
        container, key = by.choice(places)
        container[key] = deep(by)


def spoilt(platform: str, name: str, by: random.Random) -> bytes:
    """A body of this platform with wrongs in it; in a polled one, inside or on the envelope."""
    read = json.loads(BODIES[platform][name])
    if "cozum_polled" not in read:
        spoil_well(read, by)
        return json.dumps(read).encode()
    del read["cozum_polled"]
    if by.random() < 0.2:
        spoil_well(read, by)
    else:
        body = json.loads(read["body"])
        spoil_well(body, by)
        read["body"] = json.dumps(body)
    return b'{"cozum_polled": 1, ' + json.dumps(read)[1:].encode()


@each_body
def test_a_body_with_one_wrong_in_it_wherever_it_is_is_facts_or_unreadable(platform: str, raw: bytes) -> None:
    envelope = json.loads(raw)
    body = json.loads(envelope["body"]) if "cozum_polled" in envelope else envelope
    for container, key in list(_places(body)):
        right = container[key]
        for wrong in (None, True, 7, "x", "", [], {}, [None], [7], {"id": 7}):
            container[key] = wrong
            if body is envelope:
                spoilt_raw = json.dumps(body).encode()
            else:
                spoilt_raw = _enveloped(platform, envelope["edge"], body)
            keep_the_promises(platform, spoilt_raw, facts_or_unreadable(platform, spoilt_raw))
        container[key] = right


@each_platform
@settings(deadline=None)
@given(raw=st.binary(max_size=500))
def test_any_bytes_are_facts_or_unreadable(platform: str, raw: bytes) -> None:
    keep_the_promises(platform, raw, facts_or_unreadable(platform, raw))


@each_platform
@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_spoilt_body_is_facts_or_unreadable(platform: str, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(BODIES[platform])))
    raw = spoilt(platform, name, random.Random(data.draw(st.integers(0, 2**32))))

    keep_the_promises(platform, raw, facts_or_unreadable(platform, raw))


@each_platform
@settings(deadline=None)
@given(data=st.data())
def test_a_body_cut_off_or_with_foreign_bytes_in_it_is_facts_or_unreadable(
    platform: str, data: st.DataObject
) -> None:
    whole = BODIES[platform][data.draw(st.sampled_from(sorted(BODIES[platform])))]
    place = data.draw(st.integers(0, len(whole)))
    raw = (
        whole[:place] + data.draw(st.binary(max_size=4)) + whole[data.draw(st.integers(place, len(whole))) :]
    )

    keep_the_promises(platform, raw, facts_or_unreadable(platform, raw))


@each_platform
@pytest.mark.parametrize("depth", [500, 5_000, 500_000])
@pytest.mark.parametrize("opening", [b"[", b'{"entry":', b'{"data":', b'{"data":{"event_type":'])
def test_a_body_of_any_depth_is_facts_or_unreadable(platform: str, opening: bytes, depth: int) -> None:
    # At the bottom of the stack nobody else's finalizers may run: they would fail there, unheard.
    gc.collect()
    gc.disable()
    try:
        facts = facts_or_unreadable(platform, opening * depth)
    finally:
        gc.enable()

    assert facts == ()


# --- the fifth ----------------------------------------------------------------------------------------


def test_a_fifth_platform_sends_and_finds_what_it_sent(tmp_path: Path) -> None:
    loft = Access(PIGEON.platform, "loft-1", str(tmp_path), {"seed": SecretStr("barley")})
    reply = Outgoing("reply-1", ReplyKind.ANSWER, "Geliyoruz", "r1", MessageKind.CHAT, None)

    before = PIGEON.look(loft, reply)
    outcome = PIGEON.send(loft, reply)

    assert isinstance(before, NotThere)
    assert isinstance(outcome, Sent)
    assert PIGEON.look(loft, reply) == Found(outcome.external_id)
