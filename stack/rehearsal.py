"""What only the demo has: invented users with a known password, API tokens, sandbox credentials.

`python -m stack.prepare --rehearsal` creates them once for a data folder and stores them in
DIR/rehearsal.json, readable by the owner only.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from datetime import time
from pathlib import Path

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from cities import schema
from cities.schema import City
from inbox import channels, city, people
from inbox.db import transaction
from inbox.models import Channel
from inbox.settings import settings
from inbox.states import Role
from stack.environment import REHEARSAL, SANDBOX, Secrets, secrets_of, write_private

_BY = "rehearsal"


class DemoPerson(BaseModel):
    """A user to sign in as."""

    email: str
    password: str
    role: str
    unit: str | None


class DemoChannel(BaseModel):
    """A channel, with the names that scripts use for it."""

    key: str
    platform: str
    name: str
    external_id: str


class Rehearsal(BaseModel):
    """The contents of DIR/rehearsal.json."""

    api_token: str
    moderator_token: str
    users: list[DemoPerson]
    channels: list[DemoChannel]


def prepare(folder: Path, invented: City) -> None:
    """Write the sandbox's settings; in a new folder also create users, tokens and credentials."""
    write_private(folder / SANDBOX, sandbox_settings(folder, invented.accounts))
    if (folder / REHEARSAL).exists():
        return
    password = f"cozum-{secrets.token_hex(4)}"
    drawn = secrets_of(folder)
    with transaction() as session:
        for person in invented.people:
            known = people.by_email(session, person.email)
            if known is not None:
                people.set_password(session, known, password, by=_BY)
                continue
            people.add_user(
                session,
                email=person.email,
                name=person.name,
                role=person.role,
                unit=person.unit,
                password=password,
                by=_BY,
            )
        tokens = {}
        for role, alone in ((Role.SUPERVISOR, True), (Role.MODERATOR, False)):
            first = next(person for person in invented.people if person.role == role)
            user = people.by_email(session, first.email)
            if user is None:
                raise ValueError(f"the rehearsal has no {role}")
            tokens[role] = people.issue_token(session, user, "demo", may_approve_alone=alone, by=_BY)
        for channel in session.scalars(select(Channel)):
            channels.set_credentials(session, channel, _credentials(channel, drawn), by=_BY)
        _ask_at_any_hour(session)
        rehearsal = Rehearsal(
            api_token=tokens[Role.SUPERVISOR],
            moderator_token=tokens[Role.MODERATOR],
            users=[
                DemoPerson(email=person.email, password=password, role=person.role, unit=person.unit)
                for person in invented.people
            ],
            channels=[
                DemoChannel(
                    key=account.key,
                    platform=account.platform,
                    name=account.name_tr,
                    external_id=account.external_id,
                )
                for account in invented.accounts
            ],
        )
    write_private(folder / REHEARSAL, json.loads(rehearsal.model_dump_json()))


def _credentials(channel: Channel, drawn: Secrets) -> dict[str, str]:
    """The credentials that the sandbox accepts for this channel."""
    token = f"sandbox-token-{channel.key}"
    if channel.platform != "x":
        return {"access_token": token}
    return {
        "access_token": token,
        "access_token_secret": f"{token}-secret",
        "consumer_key": drawn.x_consumer_key,
        "consumer_secret": drawn.x_consumer_secret,
    }


def _ask_at_any_hour(session: Session) -> None:
    """Make the demo ask for ratings at once, without delay or quiet hours."""
    own = city.current_profile(session)
    city.save_profile(
        session,
        own.model_copy(
            update={"rating_delay_minutes": 0, "quiet_from": time(0, 0), "quiet_until": time(0, 0)}
        ),
    )


def sandbox_settings(folder: Path, accounts: Iterable[schema.AccountEntry]) -> dict[str, object]:
    """The contents of the sandbox's settings file."""
    drawn = secrets_of(folder)
    return {
        "channels": [_on_sandbox(account) for account in accounts],
        "hook_base_url": str(settings().public_url),
        "meta_app_secret": drawn.meta_app_secret,
        "meta_verify_token": drawn.meta_verify_token,
        "x_consumer_key": drawn.x_consumer_key,
        "x_consumer_secret": drawn.x_consumer_secret,
        "clock_file": str(folder / "clock"),
    }


def _on_sandbox(account: schema.AccountEntry) -> dict[str, str]:
    """One account as the sandbox knows it. Its name there lacks the platform: `Esenyurt · X` becomes `X`."""
    channel = {
        "key": account.key,
        "platform": account.platform,
        "name": account.name_tr.rpartition(" · ")[2],
        "handle": account.handle,
        "external_id": account.external_id,
        "token": f"sandbox-token-{account.key}",
    }
    if account.platform == "whatsapp" and account.account:
        channel |= {"waba_id": account.account, "display_phone_number": account.handle}
    return channel
