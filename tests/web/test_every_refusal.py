"""Every refusal of the core, driven through the screens in Turkish: each is said, and no English is left.

Each `screens_…` function provokes refusals as a browser would and yields what was refused with the answer.
What no screen can provoke goes through the errors handler with the core's own function, and says why. A
member that is added to `Why`, `Step` or `Thing` fails here until one of them provokes it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from inbox import channels, db, errors, queries, replies, tracking
from inbox.channels import budgets
from inbox.city import lists
from inbox.clock import now
from inbox.conversations import threads
from inbox.desk import triage
from inbox.language import placeholders
from inbox.models import Channel, Message, Reply, TrackedRequest, User
from inbox.people import passwords
from inbox.refusals import Step, Thing, Why
from inbox.states import Role
from inbox.values import CallKind, Limit
from inbox.wording import Worded
from tests.support.turkish import ENGLISH, read, said
from tests.web.conftest import Browser, Citizens, signed_in
from web.kit.access import public

LONG = "Ekibimiz yola çıktı. " * 500
Said = Iterator[tuple[Worded, TestResponse]]


# --- what was said ----------------------------------------------------------------------------------


def check(member: Worded, answer: TestResponse) -> None:
    """`member` is said in Turkish, and nothing is said in English or by its key."""
    words = read(answer)
    assert answer.status_code >= 400, f"{member!r}: {answer.status_code}"
    assert said(member).search(words), f"{member!r} is not said: {words[:3000]}"
    assert [piece for piece in ENGLISH if piece in words] == [], f"{member!r}: {words[:3000]}"
    if "_" in member.value:
        assert member.value not in words


# --- the town ---------------------------------------------------------------------------------------


@dataclass
class Stage:
    """A town with people at their screens."""

    citizens: Citizens
    moderator: Browser
    officer: Browser
    administrator: Browser
    raises: Callable[[Callable[[Session], object]], TestResponse]
    """The page that answers what a function of the core raises."""

    def opened(self, session: Session) -> TrackedRequest:
        """A request of the roads' unit, with the message of one citizen."""
        message = session.get_one(Message, self.citizens.say("Çukur var", who=f"Biri {self.citizens.said}"))
        return tracking.convert(session, message, unit="roads", category="pothole", by="test")

    def request(self) -> int:
        """The number of such a request."""
        with db.transaction() as session:
            return self.opened(session).number

    def reply(self, *, ready: bool = False) -> int:
        """A reply to a citizen: a draft, or approved."""
        message_id = self.citizens.say("Çöp alınmadı", who=f"Biri {self.citizens.said}")
        with db.transaction() as session:
            message = session.get_one(Message, message_id)
            reply = triage.answer(session, message, text="Yoldayız.", by="test", alone=ready)
            return reply.id

    def desk(self, path: str, *, reply: int = 0, **fields: object) -> TestResponse:
        """The moderator sends a form about a message, or a reply to one."""
        group = int(path.split("/")[2])
        if reply:
            with db.transaction() as session:
                group = session.get_one(Reply, reply).message_id
        return self.moderator.post(path, group=group, **fields)


@pytest.fixture
def stage(fresh_app: Flask, citizens: Citizens) -> Stage:
    """The town, its people signed in, with one page that raises what it is told to."""
    core: dict[str, Callable[[Session], object]] = {}

    @public
    def raises() -> str:
        with db.transaction() as session:
            core["call"](session)
        return ""

    fresh_app.add_url_rule("/raises", "raises", raises)

    def answer(call: Callable[[Session], object]) -> TestResponse:
        core["call"] = call
        return fresh_app.test_client().get("/raises")

    return Stage(
        citizens,
        signed_in(fresh_app, Role.MODERATOR),
        signed_in(fresh_app, Role.UNIT_OFFICER),
        signed_in(fresh_app, Role.ADMINISTRATOR),
        answer,
    )


# --- the screens ------------------------------------------------------------------------------------


def screens_of_messages(stage: Stage) -> Said:
    """The desk's inbox: answering, converting, dismissing, joining."""
    message = stage.citizens.say("Sokakta çukur var")
    at = f"/messages/{message}"
    convert: dict[str, Any] = {"unit": "roads", "category": "pothole"}
    yield Why.EMPTY, stage.desk(f"{at}/answer", text="  ")
    yield Why.TOO_LONG, stage.desk(f"{at}/answer", text=LONG)
    yield Why.PERSONAL_DATA, stage.desk(f"{at}/answer", text="Şunu arayın: 0532 111 22 33")
    yield Why.NONE_OF, stage.desk(f"{at}/convert", **convert, priority="ivedi")
    yield Thing.DOOR, stage.desk(f"{at}/answer", text="Yoldayız.", channel="ay")
    yield Thing.UNIT, stage.desk(f"{at}/convert", unit="ay", category="pothole")
    yield Thing.CATEGORY, stage.desk(f"{at}/convert", unit="roads", category="ay")
    yield Thing.NEIGHBOURHOOD, stage.desk(f"{at}/convert", **convert, neighbourhood="ay")
    yield Thing.REASON_TO_DISMISS, stage.desk(f"{at}/dismiss", reason="ay")
    yield Thing.REQUEST, stage.desk(f"{at}/join", request=1)
    yield Thing.MESSAGE, stage.moderator.post("/messages/999999/reopen")
    yield Thing.CONVERSATION, stage.moderator.get("/conversations/999999")
    yield Thing.CHANNEL, stage.moderator.post("/compose/length", channel="ay", text="Yoldayız.")
    yield Why.NOT_A_PLACE, stage.moderator.get("/inbox?after=ay")
    yield Why.NOT_A_CURSOR, stage.moderator.get("/live/changes?after=ay")
    with db.transaction() as session:
        closed = stage.opened(session)
        tracking.respond(session, closed, outcome="positive", text="Yapıldı.", by="test")
        tracking.close(session, closed, by="test")
    yield Step.JOIN, stage.desk(f"{at}/join", request=closed.number)
    with db.transaction() as session:
        tracking.convert(session, session.get_one(Message, message), **convert, by="test")
    yield Step.REOPEN_BY_REQUEST, stage.desk(f"{at}/reopen")


def screens_of_replies(stage: Stage) -> Said:
    """The desk's replies: editing, approving, settling, rating."""
    draft, ready = stage.reply(), stage.reply(ready=True)
    yield Thing.REPLY, stage.moderator.post("/replies/999999/undo")
    yield Step.EDIT, stage.desk(f"/replies/{ready}/edit", reply=ready, text="Başka")
    yield Step.SETTLE, stage.desk(f"/replies/{draft}/settle", reply=draft, sent="yes")
    yield Step.SETTLE_AS_NOT_SENT, stage.desk(f"/replies/{ready}/settle", reply=ready, sent="no")
    yield Why.NOT_RATEABLE, stage.desk(f"/replies/{draft}/rate", reply=draft, stars=5)
    with db.transaction() as session:
        replies.settle(session, session.get_one(Reply, ready), sent=True, by="test")
    yield Why.STARS, stage.desk(f"/replies/{ready}/rate", reply=ready, stars=9)
    stage.desk(f"/replies/{ready}/rate", reply=ready, stars=5)
    yield Why.RATED_ALREADY, stage.desk(f"/replies/{ready}/rate", reply=ready, stars=5)
    with db.transaction() as session:
        session.get_one(Reply, draft).external_id = "orada"
    yield Why.STANDS_ALREADY, stage.desk(f"/replies/{draft}/approve", reply=draft)


def screens_of_requests(stage: Stage) -> Said:
    """The request's file at the desk and at its unit."""
    number = stage.request()
    respond, soon = f"/unit/requests/{number}/respond", (now() + timedelta(days=9)).date().isoformat()
    yield Why.DAY_NEEDED, stage.officer.post(respond, outcome="planned", text="Yapılacak.")
    yield Why.DAY_FOR_PLANNED, stage.officer.post(respond, outcome="positive", text="Tamam.", until=soon)
    yield Why.NOT_A_DAY, stage.officer.post(respond, outcome="planned", text="Olur.", until="yarın")
    yield Why.NO_TEXT, stage.officer.post(respond, outcome="outside", text="Bizde değil.")
    yield Why.NONE_OF, stage.officer.post(respond, outcome="belki", text="Belki.")
    yield Why.NONE_OF, stage.officer.get("/unit/?view=ay")
    approve = f"/requests/{number}/approve"
    yield Step.APPROVE, stage.moderator.post(approve, number=number)
    stage.officer.post(f"/unit/requests/{number}/return", reason="Bizde değil")
    yield Step.PLAN, stage.officer.post(respond, outcome="planned", text="Yapılacak.", until=soon)
    with db.transaction() as session:
        answered = stage.opened(session)
        tracking.respond(session, answered, outcome="positive", text="Yapıldı.", by="test")
    path = f"/requests/{answered.number}/reroute"
    yield Step.REROUTE, stage.moderator.post(path, number=answered.number, unit="parks")


def screens_of_settings(stage: Stage) -> Said:
    """The lists of the city, its channels and its texts."""
    at = stage.administrator
    unit = {"name_tr": "Yeni", "name_en": "New", "name_ar": "جديد"}
    yield Why.KEY_CHARACTERS, at.post("/settings/units/new", key="Büyük Harf", **unit)
    yield Why.TAKEN_KEY, at.post("/settings/units/new", key="roads", **unit)
    text = {"kind": "answer", "outcome": "", "scope": "any", "voice": "any", "key": "yeni"}

    def saved(variants: str, language: str = "tr") -> TestResponse:
        return at.post("/settings/texts/new", **text, language=language, variants=variants)

    yield Why.BRACES, saved("Sayın {salutation")
    yield Why.CONVERSION, saved("{number!r} numaralı")
    yield Why.PLACEHOLDER_UNKNOWN, saved("Sayın {isim}")
    yield Why.ENDING_UNKNOWN, saved("{unit:inn}")
    yield Why.ENDING_TURKISH, saved("To {unit:a}", language="ar")
    yield Thing.TEXT, at.get("/settings/texts/999999")
    yield Thing.REASON, at.get("/settings/reasons/999999")
    yield Thing.DIFFERENCE, at.post("/differences/999999/leave")
    yield Why.NOT_COMPARABLE, at.post("/channels/whatsapp-cozum/reconcile")


def screens_of_people(stage: Stage) -> Said:
    """Users, their spreadsheet, their tokens, and the own account."""
    at = stage.administrator
    person = {
        "email": "yeni@city.test",
        "name": "Yeni Biri",
        "role": "moderator",
        "unit": "",
        "language": "tr",
    }

    def added(**changed: str) -> TestResponse:
        return at.post("/settings/users/new", **{"unit": "", **person, **changed})

    yield Why.NOT_AN_EMAIL, added(email="yeni")
    yield Why.TAKEN_EMAIL, added(email="moderator@city.test")
    yield Why.NAME_LENGTH, added(name="Ş" * 110)
    yield Why.UNIT_NEEDED, added(role="unit_officer")
    yield Why.UNIT_FOR_OFFICERS, added(unit="roads")
    with db.transaction() as session:
        own = session.scalars(select(User.id).where(User.email == "administrator@city.test")).one()
    yield Why.ONLY_ADMINISTRATOR, at.post(f"/settings/users/{own}", **person)
    yield Thing.USER, at.get("/settings/users/999999")
    yield Thing.TOKEN, at.post("/settings/tokens/999999/revoke")

    def sheet(row: str) -> TestResponse:
        content = f"e-posta;ad soyad;rol;birim;dil\n{row}\n".encode()
        return at.post("/settings/users/import", file=(io.BytesIO(content), "kisiler.csv"))

    yield Thing.ROLE, sheet("a@city.test;Biri;astronot;;tr")
    yield Thing.LANGUAGE, sheet("a@city.test;Biri;moderator;;klingonca")
    password = {"current": "yanlış", "password": "yeterince uzun söz", "again": "yeterince uzun söz"}
    yield Why.PASSWORD_WRONG, at.post("/account/password", **password)
    easy = {"current": "correct horse battery", "password": "a" * 20, "again": "a" * 20}
    yield Why.PASSWORD_EASY, at.post("/account/password", **easy)


def by_no_screen(stage: Stage) -> Said:
    """What no screen can provoke, each by the core's own function, with the reason."""
    stage.citizens.say("Merhaba")

    def spoilt(session: Session) -> object:
        channel = session.scalars(select(Channel).limit(1)).one()
        channel.credentials = b"of another key"
        return channels.credentials(channel)

    def empty_budget(session: Session) -> None:
        channel = session.scalars(select(Channel).limit(1)).one()
        own, limit = Limit(0, 60), Limit(60, 60)
        budgets.set_limit(session, channel, CallKind.READ, own, limit=limit, by="test")

    def voice(session: Session) -> None:
        channel = session.scalars(select(Channel).limit(1)).one()
        channels.edit(session, channel, name="Yeni", voice="ay", is_active=True, by="test")

    def ended(_: Session) -> None:
        raise errors.InvalidInput("email", Why.SIGNS_IN_NO_MORE)

    def reason(use: str) -> Callable[[Session], object]:
        return lambda session: queries.reason(session, "ay", use=use)

    calls: list[tuple[Worded, str, Callable[[Session], object]]] = [
        (
            Why.LIMIT_RANGE,
            "screens choose the length of a page themselves",
            lambda s: queries.messages(s, limit=0),
        ),
        (Why.PASSWORD_SHORT, "the form has its own length", lambda _: passwords.check("kısa")),
        (Why.PASSWORD_LONG, "the form has its own length", lambda _: passwords.check("ş" * 2000)),
        (Why.SIGNS_IN_NO_MORE, "said by the command that makes a link", ended),
        (Why.KEYS_OPEN_NOTHING, "screens go on without the secrets", spoilt),
        (Why.BUDGET_EMPTY, "a city's own limits stand in its file", empty_budget),
        (
            Why.NOBODY_TO_ANSWER,
            "the desk offers no answer to a post",
            lambda s: threads.of_message(s, Message(thread_id=None)),
        ),
        (
            Why.PLACEHOLDER_EMPTY,
            "a text whose gaps have no values is passed over",
            lambda _: placeholders.render("{day}", {}),
        ),
        (Thing.VOICE, "the form offers the voices there are", voice),
        (Thing.LIST, "there is no address of another list", lambda s: lists.rows(s, "ay")),
        (Thing.REASON_TO_RETURN, "a unit writes its reason; programs name one", reason("return")),
        (Thing.REASON_TO_REOPEN, "the desk writes its reason; programs name one", reason("reopen")),
        (Thing.REASON_FOR_NEGATIVE, "a reason of the list nobody names yet", reason("negative")),
        (Thing.REASON_FOR_OUTSIDE, "a reason of the list nobody names yet", reason("outside")),
    ]
    for member, _why_not, call in calls:
        yield member, stage.raises(call)


GROUPS: tuple[Callable[[Stage], Said], ...] = (
    screens_of_messages,
    screens_of_replies,
    screens_of_requests,
    screens_of_settings,
    screens_of_people,
    by_no_screen,
)


def test_every_refusal_is_said_in_turkish(stage: Stage) -> None:
    provoked: set[Worded] = set()
    for group in GROUPS:
        for member, answer in group(stage):
            check(member, answer)
            provoked.add(member)
    assert {*Why, *Step, *Thing} - provoked == set()
