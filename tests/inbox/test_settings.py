"""The environment is read once, into one frozen object; what is missing stops the start with its name."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from inbox.settings import Settings, settings

ROOT = Path(__file__).parents[2]
NEEDED = ("DATABASE_URL", "BROKER_URL", "COZUM_DIR", "COZUM_SECRET_KEY", "COZUM_CREDENTIAL_KEYS")


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_missing_stops_the_start_with_its_name(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(ValidationError) as refusal:
        Settings()
    assert [str(error["loc"][0]).lower() for error in refusal.value.errors()] == [
        (name if name.endswith("_URL") else name.removeprefix("COZUM_")).lower()
    ]


def test_no_secret_is_in_what_the_settings_show_of_themselves(environment: dict[str, str]) -> None:
    shown = repr(settings())
    assert environment["COZUM_SECRET_KEY"] not in shown
    assert "verify-token" in environment["COZUM_HOOK_SECRETS"]
    for secret in ("verify-token", "app-secret", "consumer-secret"):
        assert secret not in shown


def test_the_settings_cannot_be_changed(environment: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(settings(), "city", "elsewhere")  # noqa: B010


@pytest.mark.parametrize(
    ("name", "value"),
    [("COZUM_POLL_SECONDS", "0"), ("COZUM_TRUSTED_PROXIES", "9"), ("COZUM_PUBLIC_URL", "x")],
)
def test_a_value_that_cannot_be_is_refused(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_seconds_of_the_environment_are_spans_of_time(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COZUM_UNCERTAIN_WAIT_SECONDS", "90")
    assert Settings().uncertain_wait == timedelta(seconds=90)


def test_nothing_else_of_ours_reads_the_environment() -> None:
    reads = re.compile(r"os\.environ|os\.getenv|getenv\(")
    reading = {
        str(path.relative_to(ROOT))
        for folder in ("inbox", "connectors", "worker", "web")
        for path in (ROOT / folder).rglob("*.py")
        if reads.search(path.read_text())
    }
    assert reading == set()
