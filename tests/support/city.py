"""A running city with short waits, for the acceptance tests: its hooks, its API, its desk, its rows."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.chaos.system import System, Waits, running
from tests.support.running_demo import Demo, eventually, free_port

# Polls come only at the start: what hooks tell is not to be found by them meanwhile. And what is late is late
# enough to be seen missing on a busy machine.
WAITS = Waits(sweep=3, poll=3600, late_hook=10)


class Desk:
    """A member of the staff before the screens, signed in by the form; keeps cookies as a browser does."""

    def __init__(self, web: str, email: str, password: str) -> None:
        self.web, self.session = web, requests.Session()
        self.session.trust_env = False
        token = self._token(self.get("/login"))
        form = {"csrf_token": token, "email": email, "password": password}
        answer = self.session.post(f"{web}/login", data=form, timeout=30)
        assert answer.status_code == 200, f"{email} is not let in: {answer.status_code}"
        assert "/login" not in answer.url

    def get(self, path: str) -> str:
        """A page, which must be there."""
        answer = self.session.get(f"{self.web}{path}", timeout=30)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code}"
        return answer.text

    def conversation(self, message: Any) -> str:
        """The conversation of a message."""
        return self.get(f"/conversations/{message['id']}?view=all")

    def send(self, page: str, message: Any, text: str) -> requests.Response:
        """Send the reply form of an opened conversation as htmx does."""
        compose_key = re.search(r'name="compose_key" value="(\w+)"', page)
        assert compose_key is not None, "no form for a reply"
        form = {
            "csrf_token": self._token(page),
            "group": message["id"],
            "view": "new",
            "act": "answer",
            "compose_key": compose_key[1],
            "text": text,
        }
        url = f"{self.web}/messages/{message['id']}/answer"
        return self.session.post(url, data=form, headers={"HX-Request": "true"}, timeout=30)

    @staticmethod
    def _token(page: str) -> str:
        found = re.search(r'name="csrf-token" content="([^"]+)"', page)
        assert found is not None, "a page without its token"
        return found[1]


class City(Demo):
    """The whole system of `tests.chaos.system` behind the calls of a demo."""

    def __init__(self, system: System) -> None:
        super().__init__(system.folder, system.process)
        self.system = system

    def account(self, channel: str) -> str:
        """How the platform names this channel of ours."""
        return str(next(one["external_id"] for one in self.told["channels"] if one["key"] == channel))

    def desk(self, number: int = 0) -> Desk:
        """One of the moderators, at the desk."""
        moderators = [one for one in self.told["users"] if one["role"] == "moderator"]
        return Desk(self.web, moderators[number]["email"], moderators[number]["password"])

    def hook(self, body: Any) -> int:
        """Meta delivers this body, signed; the status it is answered with."""
        raw = json.dumps(body).encode()
        secret = self.told["meta_app_secret"].encode()
        signed = "sha256=" + hmac.new(secret, raw, hashlib.sha256).hexdigest()
        answer = requests.post(
            f"{self.web}/hooks/meta", data=raw, headers={"X-Hub-Signature-256": signed}, timeout=60
        )
        return answer.status_code

    def whatsapp(self, **value: Any) -> dict[str, Any]:
        """A hook body of our WhatsApp line with these `messages`, `contacts` or `statuses`."""
        line = {"display_phone_number": "905550000411", "phone_number_id": self.account("whatsapp-cozum")}
        change = {"messaging_product": "whatsapp", "metadata": line, **value}
        entry = {"id": "205500000000001", "changes": [{"field": "messages", "value": change}]}
        return {"object": "whatsapp_business_account", "entry": [entry]}

    def said(self, channel: str, author: str, text: str, **more: Any) -> Any:
        """A citizen writes, and it is known here: the message."""
        said = self.control("/say", channel=channel, author=author, text=text, **more)
        return self.message(channel, said["external_id"])

    def fault(self, channel: str, fault: str, times: int = 1) -> None:
        """What goes wrong next on a channel of the platforms; 0: nothing any more."""
        self.control("/faults", channel=channel, fault=fault, times=times)

    def reply(self, reply_id: int) -> dict[str, Any]:
        """How far a reply came."""
        names = "state", "external_id", "receipt", "delivered_at", "read_at"
        (row,) = self.system.rows(f"SELECT {', '.join(names)} FROM reply WHERE id = %s", reply_id)  # noqa: S608
        return dict(zip(names, row, strict=True))

    def reply_is(self, state: str, reply_id: int, *, within: float = 60) -> dict[str, Any]:
        """A reply that came to be in this state, waited for."""
        eventually(
            lambda: self.reply(reply_id)["state"] == state, within=within, what=f"reply {reply_id} {state}"
        )
        return self.reply(reply_id)

    def polled(self) -> None:
        """Wait until the first polls, those of the start, are over."""
        due = (
            "SELECT key FROM channel WHERE platform <> 'whatsapp'"
            " AND (next_poll_at IS NULL OR polling_until IS NOT NULL)"
        )
        eventually(lambda: self.system.rows(due) == [], within=60, what="the first polls")

    def understood(self) -> None:
        """Wait until everything that arrived is applied."""
        pending = "SELECT count(*) FROM raw_event WHERE state = 'PENDING'"
        eventually(lambda: self.system.rows(pending) == [(0,)], within=60, what="all bodies applied")


def phone_message(phone: str, text: str, *, at: float | None = None, id: str) -> dict[str, Any]:
    """A citizen's text as a WhatsApp hook carries it; `at`: when it was written, by the platform's clock."""
    moment = str(int(at if at is not None else time.time()))
    return {"from": phone, "id": id, "timestamp": moment, "type": "text", "text": {"body": text}}


@contextmanager
def running_city(folder: Path, **spoilt: Any) -> Iterator[City]:
    """A city of its own on free ports, stopped at the end."""
    with running(folder, WAITS, port=free_port(), sandbox_port=free_port(), **spoilt) as system:
        city = City(system)
        city.polled()
        yield city


def page_comment(id: str, text: str, post: str, at: int, **more: Any) -> dict[str, Any]:
    """A comment under a post of a page, as one change of a hook body; nobody's where `more` names nobody."""
    value = {
        "item": "comment",
        "verb": "add",
        "comment_id": id,
        "post_id": post,
        "parent_id": post,
        "created_time": at,
        "message": text,
        **more,
    }
    return {"field": "feed", "value": value}
