"""`cozum replay` puts recorded bodies through the path of a hook and tells what each became."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from inbox import db
from inbox.models import Channel, Message, RawEvent
from stack.replay import replay

LINE = "105500000000001"


@pytest.fixture(autouse=True)
def _line(database: None) -> None:
    with db.transaction() as session:
        session.add(
            Channel(
                key="whatsapp-cozum",
                platform="whatsapp",
                external_id=LINE,
                name="line",
                voice="municipality",
                is_active=True,
            )
        )


def _body(*texts: str, line: str = LINE) -> dict[str, object]:
    messages = [
        {
            "from": "905000000001",
            "id": f"wamid.{place}",
            "timestamp": "1767225600",
            "type": "text",
            "text": {"body": text},
        }
        for place, text in enumerate(texts)
    ]
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "905550000411", "phone_number_id": line},
        "contacts": [{"profile": {"name": "Vatandaş"}, "wa_id": "905000000001"}],
        "messages": messages,
    }
    changes = [{"field": "messages", "value": value}]
    return {"object": "whatsapp_business_account", "entry": [{"id": "205500000000001", "changes": changes}]}


def _file(folder: Path, name: str, body: bytes | dict[str, object]) -> Path:
    file = folder / name
    file.write_bytes(body if isinstance(body, bytes) else json.dumps(body).encode())
    return file


def _replay(*files: Path) -> Result:
    return CliRunner().invoke(replay, [str(file) for file in files])


def _cells(result: Result, name: str) -> list[str]:
    return next(line for line in result.output.splitlines() if line.startswith(name)).split()


def test_each_body_is_told_with_what_it_became(tmp_path: Path) -> None:
    two = _file(tmp_path, "two.json", _body("bir", "iki"))
    unknown = _file(tmp_path, "unknown.json", b'{"object": "martian", "entry": []}')

    result = _replay(two, unknown)

    assert result.exit_code == 0, result.output
    assert _cells(result, "two.json") == ["two.json", "applied", "2", "0", "0", "0", "0", "0", "0"]
    assert _cells(result, "unknown.json") == ["unknown.json", "applied", "0", "0", "0", "1", "0", "0", "0"]
    assert _cells(result, "in all")[2:] == ["2", "2", "0", "0", "1", "0", "0", "0"]
    with db.transaction() as session:
        assert sorted(session.scalars(select(Message.text))) == ["bir", "iki"]


def test_a_body_goes_in_by_the_door_of_its_own_hook_and_byte_for_byte(tmp_path: Path) -> None:
    file = _file(tmp_path, "spaced.json", json.dumps(_body("bir"), indent=3).encode())

    _replay(file)

    with db.transaction() as session:
        event = session.scalars(select(RawEvent)).one()
    assert (event.source, event.body) == ("hook:meta", file.read_bytes())


def test_the_same_body_again_changes_nothing(tmp_path: Path) -> None:
    file = _file(tmp_path, "one.json", _body("bir"))
    _replay(file)

    again = _replay(file)

    assert "here already" in again.output
    with db.transaction() as session:
        assert list(session.scalars(select(Message.text))) == ["bir"]


def test_what_cannot_be_used_is_told_by_the_exit_code(tmp_path: Path) -> None:
    foreign = _replay(_file(tmp_path, "foreign.json", _body("bir", line="999")))
    broken = _replay(_file(tmp_path, "broken.json", b"not json"))

    assert foreign.exit_code == 1
    assert _cells(foreign, "foreign.json")[6] == "1"
    assert broken.exit_code in (0, 1)
    assert _cells(broken, "broken.json")


def test_a_table_never_holds_a_citizens_words(tmp_path: Path) -> None:
    result = _replay(_file(tmp_path, "one.json", _body("çok gizli bir söz")))

    assert "gizli" not in result.output
