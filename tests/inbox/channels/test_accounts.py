"""The channels' secrets at rest, under keys that can change."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from inbox import channels
from inbox.db import transaction
from inbox.errors import InvalidInput
from inbox.models import Channel
from inbox.settings import settings


def use_keys(monkeypatch: pytest.MonkeyPatch, *keys: str) -> None:
    """Run on with these keys, the first encrypting."""
    listed = ", ".join(f'"{key}"' for key in keys)
    monkeypatch.setenv("COZUM_CREDENTIAL_KEYS", f"[{listed}]")
    settings.cache_clear()


def test_secrets_are_not_readable_at_rest_and_survive_a_rotation_of_keys(
    city: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    try:
        use_keys(monkeypatch, old)
        with transaction() as session:
            channel = session.scalars(select(Channel).where(Channel.key == "wa")).one()
            channels.set_credentials(session, channel, {"access_token": "very secret"}, by="test")
            assert b"secret" not in (channel.credentials or b"")
        use_keys(monkeypatch, new, old)
        with transaction() as session:
            assert channels.rotate(session) == 1
        use_keys(monkeypatch, new)
        with transaction() as session:
            channel = session.scalars(select(Channel).where(Channel.key == "wa")).one()
            assert channels.credentials(channel)["access_token"].get_secret_value() == "very secret"
            assert "very secret" not in repr(channels.access(channel, channels.credentials(channel)))
        use_keys(monkeypatch, old)
        with transaction() as session, pytest.raises(InvalidInput, match="COZUM_CREDENTIAL_KEYS"):
            channels.credentials(session.scalars(select(Channel).where(Channel.key == "wa")).one())
    finally:
        monkeypatch.undo()
        settings.cache_clear()
        assert os.environ["COZUM_CREDENTIAL_KEYS"]
