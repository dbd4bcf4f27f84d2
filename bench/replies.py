"""How many approved replies a second reach a platform, against the same posts done bare.

Comments on Facebook: one call a reply, two channels. The stand-in platform counts no limits, and those that
the connector keeps by itself are widened as a city may widen them.
"""

from __future__ import annotations

import time
from typing import Any

import requests
from sqlalchemy import func, select

from bench.place import Installation, until
from bench.sizes import Sizes
from bench.stream import newest
from connectors import CONNECTORS
from inbox.channels import budgets
from inbox.db import transaction
from inbox.desk import triage
from inbox.models import Channel, Message, Reply
from inbox.states import ReplyState
from inbox.values import CallKind, Limit
from worker.tasks import nudge

_CHANNELS = ("facebook-belediye", "facebook-baskan")
_WIDE = Limit(1_000_000, 1.0)
_LONGEST = 180.0


def replies(place: Installation, sizes: Sizes) -> dict[str, Any]:
    """Citizens write on the stand-in platform; each is answered twice, once bare and once by us.

    Web, worker and platforms run already.
    """
    sandbox = f"http://127.0.0.1:{place.sandbox_port}"
    with place.entered():
        before = newest(place)
        _say(sandbox, sizes.replies)
        until(
            lambda: len(_heard(before)) >= sizes.replies, "what the citizens said", seconds=_LONGEST, step=0.2
        )
        heard = _heard(before)
        _widen()
        bare = _bare(sandbox, heard)
        began = _approve(heard)
        until(lambda: _sent() >= sizes.replies, "the replies to go out", seconds=_LONGEST)
        rate = sizes.replies / (time.perf_counter() - began)
    return {"rate": round(rate, 1), "bare": round(bare, 1), "ratio": round(rate / bare, 3)}


def _say(sandbox: str, count: int) -> None:
    with requests.Session() as session:
        session.trust_env = False
        for number in range(count):
            said = {
                "channel": _CHANNELS[number % len(_CHANNELS)],
                "author": f"Ayşe Yılmaz {number}",
                "text": f"Sokak lambası yanmıyor, direk {number}",
            }
            session.post(f"{sandbox}/_control/say", json=said, timeout=30).raise_for_status()


def _heard(after: int) -> list[tuple[int, str, str]]:
    """What the citizens said: message, its id on the platform, channel."""
    with transaction() as session:
        rows = session.execute(
            select(Message.id, Message.external_id, Channel.key)
            .join(Channel, Message.channel_id == Channel.id)
            .where(Message.id > after, Message.state.is_not(None))
            .order_by(Message.id)
        )
        return [(row[0], row[1], row[2]) for row in rows]


def _widen() -> None:
    with transaction() as session:
        for channel in session.scalars(select(Channel).where(Channel.key.in_(_CHANNELS))):
            limit = CONNECTORS[channel.platform].send_limit
            budgets.set_limit(session, channel, CallKind.SEND, _WIDE, limit=limit, by="bench")


def _bare(sandbox: str, heard: list[tuple[int, str, str]]) -> float:
    """Posts a second of one session that keeps nothing."""
    began = time.perf_counter()
    with requests.Session() as session:
        session.trust_env = False
        for number, (_, external_id, channel) in enumerate(heard):
            said = {"message": f"Ekibimiz yarın orada, {number}.", "access_token": f"sandbox-token-{channel}"}
            url = f"{sandbox}/graph/v26.0/{external_id}/comments"
            session.post(url, data=said, timeout=30).raise_for_status()
    return len(heard) / (time.perf_counter() - began)


def _approve(heard: list[tuple[int, str, str]]) -> float:
    """Approve an answer to each, all at once for the worker; when."""
    with transaction() as session:
        for number, (message_id, _, _) in enumerate(heard):
            message = session.get_one(Message, message_id)
            triage.answer(session, message, text=f"Ekibimiz bu hafta orada, {number}.", by="bench")
    nudge("send")
    return time.perf_counter()


def _sent() -> int:
    with transaction() as session:
        lost = session.scalar(
            select(func.count()).where(Reply.state.in_((ReplyState.FAILED, ReplyState.UNCERTAIN)))
        )
        if lost:
            raise RuntimeError(f"{lost} replies did not arrive")
        return session.scalar(select(func.count()).where(Reply.state == ReplyState.SENT)) or 0
