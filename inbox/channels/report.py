"""The state of one channel, as the settings screen, `cozum status` and `cozum doctor` show it."""

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
"""How many of the newest messages the lag is computed from."""


@dataclass(frozen=True, slots=True)
class Report:
    """The state of one channel. `lag` is in seconds, None as long as there is no message."""

    channel: Channel
    health: ChannelHealth
    lag: float | None  # from sending to receiving, the median of the newest messages
    budget: tuple[BudgetLeft, ...]
    closing: int  # private chats with open messages whose reply window closes within two hours
    rejected: int  # bodies with a wrong signature at its hook, which channels may share
    set_aside: int  # unresolved parts of bodies that could not be applied
    days_of_token: int | None


def report(session: Session, channel: Channel) -> Report:
    """The state of `channel` now."""
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


def as_values(channel_report: Report) -> dict[str, object]:
    """The report as JSON values."""

    def moment(at: datetime | None) -> str | None:
        return at.isoformat() if at else None

    channel = channel_report.channel
    return {
        "key": channel.key,
        "platform": channel.platform,
        "health": channel_report.health.value,
        "reason": channel.last_error,
        "last_event_at": moment(channel.last_event_at),
        "last_call_at": moment(channel.last_call_at),
        "last_call_ok_at": moment(channel.last_call_ok_at),
        "lag_seconds": channel_report.lag,
        "budget": {
            str(left.kind): {
                "left": left.left,
                "of": left.limit.most,
                "seconds": left.limit.seconds,
                "used": left.used,
                "resets_at": moment(left.resets_at),
            }
            for left in channel_report.budget
        },
        "closing_within_2h": channel_report.closing,
        "rejected_signatures": channel_report.rejected,
        "set_aside": channel_report.set_aside,
        "subscribed": channel.is_subscribed,
        "token_days": channel_report.days_of_token,
    }


def as_line(values: Mapping[str, Any]) -> str:
    """The values of `as_values` on one line for the console; missing values are named too."""

    def moment(at: str | None) -> str:
        return f"{at[:16].replace('T', ' ')} UTC" if at else "never"

    parts = [str(values["health"])]
    if values["health"] not in (ChannelHealth.OK, ChannelHealth.OFF) and values["reason"]:
        parts.append(str(values["reason"]))
    parts += [
        f"last event {moment(values['last_event_at'])}",
        f"last call {moment(values['last_call_at'])}",
        f"last that worked {moment(values['last_call_ok_at'])}",
        "no lag known" if values["lag_seconds"] is None else f"lag {values['lag_seconds']:.0f} s",
        *(f"{kind} {left['left']}/{left['of']}" for kind, left in values["budget"].items()),
        f"{values['closing_within_2h']} chats close within 2 h",
        f"{values['rejected_signatures']} wrong signatures",
        f"{values['set_aside']} set aside",
        {True: "subscribed", False: "not subscribed"}.get(values["subscribed"], "subscription unknown"),
    ]
    if values["token_days"] is not None:
        parts.append(f"token ends in {values['token_days']} days")
    return ", ".join(parts)
