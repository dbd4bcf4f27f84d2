"""What is public after a restore: every reply once, whatever happened between backup and end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import select

from inbox import queries, replies
from inbox.db import transaction
from inbox.desk import triage
from inbox.ingest import queue
from inbox.models import Message
from inbox.settings import settings
from inbox.states import ReplyState
from stack import backup
from tests.support.restoring import restored
from tests.worker.conftest import Town, ahead
from worker import dispatch, ingest

WORDS = "Ekibimiz yarın orada."
WHATSAPP = "whatsapp-cozum"


@contextmanager
def back_in_time(town: Town, tmp_path: Path, database_url: str, key: str, *, sent: bool) -> Iterator[int]:
    """A reply waited when the backup was taken; it went out afterwards, or not; then all was restored."""
    town.only(key)
    reply_id = written(town) if key == WHATSAPP else town.approved(key, WORDS)
    backup.save(settings().dir, database_url, tmp_path / "backup")
    if sent:
        dispatch.run()
        assert town.state(reply_id) is ReplyState.SENT
    with restored(tmp_path / "backup", tmp_path / "restored", database_url):
        yield reply_id


def written(town: Town) -> int:
    """A citizen wrote to our line, its hook came, and an answer waits to go out."""
    town.say(WHATSAPP)
    (chat,) = threads(town, WHATSAPP)["chats"]
    (said,) = chat["messages"]
    message = {"from": chat["phone"].lstrip("+"), "id": said["external_id"], "type": "text"}
    message |= {"timestamp": str(int(time.time())), "text": {"body": said["text"]}}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "900", "phone_number_id": "105500000000001"},
        "contacts": [{"profile": {"name": chat["with"]}, "wa_id": chat["phone"].lstrip("+")}],
        "messages": [message],
    }
    change = {"field": "messages", "value": value}
    body = {"object": "whatsapp_business_account", "entry": [{"id": "205500000000001", "changes": [change]}]}
    with transaction() as session:
        queue.store_raw_event(session, "hook:meta", json.dumps(body).encode())
    ingest.run()
    with transaction() as session:
        heard = session.scalars(select(Message).where(Message.external_id == said["external_id"])).one()
        return triage.answer(session, heard, text=WORDS, by="test").id


def settle_by_looking() -> None:
    """Two looks, the later more than ten minutes after the restore, and whatever may go out goes out."""
    for seconds in (0, 601, 1300):
        ahead(seconds)
        while dispatch.run():
            pass
        while dispatch.look_for_uncertain():
            pass
    while dispatch.run():
        pass


def threads(town: Town, key: str) -> Any:
    """The platform's own truth of one channel."""
    answer = requests.get(f"{town.url}/_control/threads", params={"channel": key}, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def shown(town: Town, key: str) -> list[str]:
    """How often our words stand on the platform, as ids."""
    todo = threads(town, key)["posts"]
    todo += [message for chat in threads(town, key)["chats"] for message in chat["messages"]]
    found = []
    while todo:
        one = todo.pop()
        todo += one.get("replies", [])
        if one["is_ours"] and one["text"].endswith(WORDS):
            found.append(one["external_id"])
    return found


@pytest.mark.parametrize("sent", [True, False], ids=["sent after the backup", "never sent"])
@pytest.mark.parametrize("key", ["x-belediye", "facebook-belediye", "instagram-belediye"])
def test_a_reply_that_waited_at_the_backup_is_public_once(
    town: Town, tmp_path: Path, database_url: str, key: str, sent: bool
) -> None:
    with back_in_time(town, tmp_path, database_url, key, sent=sent) as reply_id:
        settle_by_looking()

        assert town.state(reply_id) is ReplyState.SENT
        assert len(shown(town, key)) == 1


def test_on_whatsapp_a_person_settles_it(town: Town, tmp_path: Path, database_url: str) -> None:
    with back_in_time(town, tmp_path, database_url, WHATSAPP, sent=True) as reply_id:
        settle_by_looking()
        assert town.state(reply_id) is ReplyState.UNCERTAIN

        with transaction() as session:
            replies.settle(session, queries.reply(session, reply_id), sent=True, by="test")
        settle_by_looking()

        assert len(shown(town, WHATSAPP)) == 1
