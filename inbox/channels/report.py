"""How one channel fares, whole: what the screen of channels, `cozum status` and `cozum doctor` tell alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox import platforms
from inbox.channels import accounts, budgets
from inbox.channels.budgets import BudgetLeft
from inbox.clock import now
from inbox.models import Channel, HookCount, Message, SetAside, Thread
from inbox.states import OPEN_MESSAGE, ChannelHealth
from inbox.values import MessageKind

CLOSING = timedelta(hours=2)
_LAG_OF = 50
"""The lag is that of the newest messages, so many of them."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything about one channel. `lag` is in seconds, None while nothing came."""

    channel: Channel
    health: ChannelHealth
    lag: float | None  # between the platform's time of a message and ours, the middle of the newest
    budget: tuple[BudgetLeft, ...]
    closing: int  # private chats that wait for us and close within two hours
    rejected: int  # bodies with a wrong signature at its hook, which other channels may share
    set_aside: int  # parts of what arrived that could not be used, and are not resolved
    days_of_token: int | None


def report(session: Session, channel: Channel) -> Report:
    """How this channel fares now."""
    traits = platforms.traits(channel.platform)
    expires = channel.token_expires_at
    return Report(
        channel=channel,
        health=accounts.health(channel),
        lag=_lag(session, channel),
        budget=tuple(budgets.remaining(session, channel, traits.limits)),
        closing=_closing(session, channel, traits.private_window) if traits.private_window else 0,
        rejected=_rejected(session, traits.hook) if traits.hook else 0,
        set_aside=session.scalar(
            select(func.count(SetAside.id)).where(
                SetAside.channel_id == channel.id, SetAside.resolved_at.is_(None)
            )
        )
        or 0,
        days_of_token=(expires - now()).days if expires else None,
    )


def _lag(session: Session, channel: Channel) -> float | None:
    newest = session.execute(
        select(Message.sent_at, Message.received_at)
        .where(Message.channel_id == channel.id, Message.state.is_not(None))
        .order_by(Message.received_at.desc())
        .limit(_LAG_OF)
    ).all()
    lags = sorted(max(0.0, (received - sent).total_seconds()) for sent, received in newest)
    return lags[len(lags) // 2] if lags else None


def _closing(session: Session, channel: Channel, window: timedelta) -> int:
    ends_from = now() - window
    return (
        session.scalar(
            select(func.count(func.distinct(Thread.id)))
            .join(Message, Message.thread_id == Thread.id)
            .where(
                Thread.channel_id == channel.id,
                Message.kind == MessageKind.CHAT,
                Message.state.in_(OPEN_MESSAGE),
                Thread.last_citizen_at > ends_from,
                Thread.last_citizen_at <= ends_from + CLOSING,
            )
        )
        or 0
    )


def _rejected(session: Session, hook: str) -> int:
    return session.scalar(select(HookCount.rejected).where(HookCount.hook == hook)) or 0


def as_values(told: Report) -> dict[str, object]:
    """The same as values of JSON."""

    def moment(at: datetime | None) -> str | None:
        return at.isoformat() if at else None

    one = told.channel
    return {
        "key": one.key,
        "platform": one.platform,
        "health": told.health.value,
        "reason": one.last_error,
        "last_event_at": moment(one.last_event_at),
        "last_call_at": moment(one.last_call_at),
        "last_call_ok_at": moment(one.last_call_ok_at),
        "lag_seconds": told.lag,
        "budget": {
            str(left.kind): {
                "left": left.left,
                "of": left.limit.most,
                "seconds": left.limit.seconds,
                "used": left.used,
                "resets_at": moment(left.resets_at),
            }
            for left in told.budget
        },
        "closing_within_2h": told.closing,
        "rejected_signatures": told.rejected,
        "set_aside": told.set_aside,
        "subscribed": one.is_subscribed,
        "token_days": told.days_of_token,
    }


def words(told: Mapping[str, Any]) -> str:
    """The same on one line for the console, from `as_values`: each figure, also where it is none."""

    def moment(at: str | None) -> str:
        return f"{at[:16].replace('T', ' ')} UTC" if at else "never"

    said = [str(told["health"])]
    if told["health"] not in (ChannelHealth.OK, ChannelHealth.OFF) and told["reason"]:
        said.append(str(told["reason"]))
    said += [
        f"last event {moment(told['last_event_at'])}",
        f"last call {moment(told['last_call_at'])}",
        f"last that worked {moment(told['last_call_ok_at'])}",
        "no lag known" if told["lag_seconds"] is None else f"lag {told['lag_seconds']:.0f} s",
        *(f"{kind} {left['left']}/{left['of']}" for kind, left in told["budget"].items()),
        f"{told['closing_within_2h']} chats close within 2 h",
        f"{told['rejected_signatures']} wrong signatures",
        f"{told['set_aside']} set aside",
        {True: "subscribed", False: "not subscribed"}.get(told["subscribed"], "subscription unknown"),
    ]
    if told["token_days"] is not None:
        said.append(f"token ends in {told['token_days']} days")
    return ", ".join(said)
