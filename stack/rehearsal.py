"""What only the demo has: invented users with a known password, API tokens, sandbox credentials.

`python -m stack.prepare --rehearsal` creates them once for a data folder and stores them in
DIR/rehearsal.json, readable by the owner only.
"""

from __future__ import annotations

import json
import secrets
from datetime import time
from pathlib import Path

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from cities.schema import City
from inbox import channels, city, people
from inbox.db import transaction
from inbox.models import Channel
from inbox.states import Role
from stack import stand_ins
from stack.environment import REHEARSAL, SANDBOX, write_private

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
    write_private(folder / SANDBOX, stand_ins.sandbox_settings(folder, invented.accounts))
    if (folder / REHEARSAL).exists():
        return
    password = f"cozum-{secrets.token_hex(4)}"
    shared = stand_ins.secrets(folder)
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
            channels.set_credentials(session, channel, stand_ins.credentials(channel, shared), by=_BY)
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


def _ask_at_any_hour(session: Session) -> None:
    """Make the demo ask for ratings at once, without delay or quiet hours."""
    own = city.current_profile(session)
    city.save_profile(
        session,
        own.model_copy(
            update={"rating_delay_minutes": 0, "quiet_from": time(0, 0), "quiet_until": time(0, 0)}
        ),
    )
