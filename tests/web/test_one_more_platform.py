"""One more platform is its folder and one line: hook, desk, reply and settings screen come by themselves."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from inbox import db
from inbox.models import Channel, Message, Reply
from inbox.settings import settings
from inbox.states import MessageState, ReplyState
from tests.conftest import HOOK_SECRETS
from tests.support import pigeon
from tests.support.front import knocking
from web import create_app
from worker import dispatch, ingest

SEAL = "sealing wax"
NOTE = (pigeon.FOLDER / "hook-notes.json").read_bytes()
FITS = "Ekibimiz bugün orada olacak."
TOO_LONG = "Ekibimiz bugün öğleden sonra orada olacak."


@pytest.fixture
def loft(database: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where sent notes arrive; our account there is entered as a city's data would."""
    hooks = {**HOOK_SECRETS, "carrierpigeon": {"secrets": [SEAL]}}
    monkeypatch.setenv("COZUM_HOOK_SECRETS", json.dumps(hooks))
    monkeypatch.setenv("COZUM_API_URLS", json.dumps({"carrierpigeon": str(tmp_path)}))
    settings.cache_clear()
    with pigeon.registered():
        with db.transaction() as session:
            session.add(Channel(key="loft", platform="carrierpigeon", external_id="loft-1", name="Kuleler"))
        yield tmp_path
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def app(loft: Path) -> Flask:
    """The application, made when the platform is known."""
    return create_app()


def sealed(body: bytes, key: str = SEAL) -> dict[str, str]:
    return {"X-Seal": hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}


def enter_the_seed(administrator: Any) -> None:
    page = administrator.get("/settings/channels/loft").text
    assert "Güvercin · loft-1" in page
    assert 'name="secret_seed"' in page
    administrator.post("/settings/channels/loft/credentials", secret_seed="barley")


def knock(body: bytes, headers: dict[str, str]) -> int:
    with knocking() as client:
        return int(client.post("/hooks/carrierpigeon", data=body, headers=headers).status_code)


def test_a_note_comes_in_by_the_hook_and_is_answered_at_the_desk(
    loft: Path, administrator: Any, moderator: Any
) -> None:
    enter_the_seed(administrator)

    assert knock(NOTE, sealed(NOTE, "somebody else's wax")) == 403
    assert knock(NOTE, sealed(NOTE)) == 200
    while ingest.run():
        pass
    with db.transaction() as session:
        message = session.scalars(select(Message).where(Message.external_id == "r1")).one()

    inbox = moderator.get("/inbox").text
    assert "Su yok" in inbox
    assert "face-chan chan-carrierpigeon" in inbox, "the sheet's neutral colour where it lists none"
    page = moderator.get(f"/conversations/{message.id}").text
    assert "Kuleler" in page
    assert "0 / 40" in page

    form = {"group": message.id, "act": "answer", "compose_key": "k"}
    refused = moderator.post(f"/messages/{message.id}/answer", text=TOO_LONG, **form)
    assert refused.status_code == 422
    assert moderator.post(f"/messages/{message.id}/answer", text=FITS, **form).status_code == 303
    while dispatch.run():
        pass

    (sent,) = [json.loads(file.read_text()) for file in loft.iterdir()]
    assert (sent["said"], sent["answers"]) == (FITS, "r1")
    with db.transaction() as session:
        reply = session.scalars(select(Reply)).one()
        assert (reply.state, reply.external_id) == (ReplyState.SENT, sent["ring"])
        assert session.get_one(Message, message.id).state is MessageState.ANSWERED
    row = administrator.get("/settings/channels").text.partition('id="channel-loft"')[2].partition("</tr>")[0]
    assert "Güvercin" in row
