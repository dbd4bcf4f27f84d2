"""Measures approved replies per second that reach a platform, against the same posts by a bare HTTP session.

The replies are Facebook comments on two channels, one call each. The sandbox has no rate limit, and the
connector's own limit is raised, as a city may do.
"""

from __future__ import annotations

import time
from typing import Any

import requests
from sqlalchemy import func, select

from bench.installation import Installation, until
from bench.sizes import Sizes
from bench.stream import newest
from inbox import platforms
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


def replies(installation: Installation, sizes: Sizes) -> dict[str, Any]:
    """Let citizens write on the sandbox and answer each twice: with a bare HTTP session and with the product.

    Web, worker and sandbox must be running.
    """
    sandbox = f"http://127.0.0.1:{installation.sandbox_port}"
    with installation.entered():
        before = newest(installation)
        _say(sandbox, sizes.replies)
        until(
            lambda: len(_messages_after(before)) >= sizes.replies,
            "the citizens' messages",
            seconds=_LONGEST,
            step=0.2,
        )
        messages = _messages_after(before)
        _raise_limits()
        bare = _post_bare(sandbox, messages)
        began = _approve(messages)
        until(lambda: _sent() >= sizes.replies, "the replies to go out", seconds=_LONGEST)
        rate = sizes.replies / (time.perf_counter() - began)
    return {"rate": round(rate, 1), "bare": round(bare, 1), "ratio": round(rate / bare, 3)}


def _say(sandbox: str, count: int) -> None:
    with requests.Session() as session:
        session.trust_env = False
        for number in range(count):
            saying = {
                "channel": _CHANNELS[number % len(_CHANNELS)],
                "author": f"Ayşe Yılmaz {number}",
                "text": f"Sokak lambası yanmıyor, direk {number}",
            }
            session.post(f"{sandbox}/_control/say", json=saying, timeout=30).raise_for_status()


def _messages_after(after: int) -> list[tuple[int, str, str]]:
    """The citizens' messages with a higher id, as (id, external id, channel key)."""
    with transaction() as session:
        rows = session.execute(
            select(Message.id, Message.external_id, Channel.key)
            .join(Channel, Message.channel_id == Channel.id)
            .where(Message.id > after, Message.state.is_not(None))
            .order_by(Message.id)
        )
        return [(row[0], row[1], row[2]) for row in rows]


def _raise_limits() -> None:
    with transaction() as session:
        for channel in session.scalars(select(Channel).where(Channel.key.in_(_CHANNELS))):
            limit = platforms.traits(channel.platform).limits[CallKind.SEND]
            budgets.set_limit(session, channel, CallKind.SEND, _WIDE, limit=limit, by="bench")


def _post_bare(sandbox: str, messages: list[tuple[int, str, str]]) -> float:
    """Post an answer to each message with one HTTP session that stores nothing. Returns posts per second."""
    began = time.perf_counter()
    with requests.Session() as session:
        session.trust_env = False
        for number, (_, external_id, channel) in enumerate(messages):
            comment = {
                "message": f"Ekibimiz yarın orada, {number}.",
                "access_token": f"sandbox-token-{channel}",
            }
            url = f"{sandbox}/graph/v26.0/{external_id}/comments"
            session.post(url, data=comment, timeout=30).raise_for_status()
    return len(messages) / (time.perf_counter() - began)


def _approve(messages: list[tuple[int, str, str]]) -> float:
    """Approve an answer to each message in one transaction. Returns the time when the worker may start."""
    with transaction() as session:
        for number, (message_id, _, _) in enumerate(messages):
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
            raise RuntimeError(f"{lost} replies failed or are uncertain")
        return session.scalar(select(func.count()).where(Reply.state == ReplyState.SENT)) or 0
