"""The data folder, its secrets, and what the processes are told."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from inbox.settings import Settings
from stack import environment, processes
from stack.errors import StackError

URLS = {"DATABASE_URL": "postgresql://db.example/cozum", "BROKER_URL": "redis://broker.example/0"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return environment.open_folder(tmp_path / "data")


def settings(folder: Path) -> dict[str, str]:
    return environment.settings_of(
        folder, port=8123, database_url="postgresql:///embedded", broker_url="redis+socket:///embedded"
    )


def test_secrets_are_drawn_once_and_are_the_owners_alone(folder: Path) -> None:
    first = environment.secrets_of(folder)

    assert environment.secrets_of(folder) == first
    assert (folder / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert environment.secrets_of(environment.open_folder(folder.parent / "other")) != first


def test_a_folder_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir(mode=0o750)
    (tmp_path / "mine").chmod(0o750)

    environment.open_folder(tmp_path / "mine")

    assert (tmp_path / "mine").stat().st_mode & 0o777 == 0o750


def test_what_children_are_told_is_what_the_settings_need(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)
    told = environment.for_real_use({}, settings(folder))
    for name, value in told.items():
        monkeypatch.setenv(name, value)

    read = Settings()

    assert read.dir == folder
    assert str(read.public_url) == "http://127.0.0.1:8123/"
    assert read.cookie_secure is False


def test_in_real_use_the_citys_own_values_come_first(folder: Path) -> None:
    own = {**URLS, "COZUM_SECRET_KEY": "the city's", "COZUM_PUBLIC_URL": "https://cozum.example"}

    told = environment.for_real_use({**own, "SHELL_SECRET": "not ours"}, settings(folder))

    assert own.items() <= told.items()
    assert told["COZUM_COOKIE_SECURE"] == "true"
    assert "SHELL_SECRET" not in told


def test_the_demo_takes_nothing_from_the_shell(folder: Path) -> None:
    given = {**URLS, "COZUM_SECRET_KEY": "the city's", "COZUM_POLL_SECONDS": "600"}

    told = environment.for_demo(given, settings(folder))

    assert told["DATABASE_URL"] == "postgresql:///embedded"
    assert not set(given.values()) & set(told.values())


def test_a_verb_enters_the_system_that_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COZUM_SECRET_KEY", "another")
    lock = processes.claim(folder)
    environment.publish(folder, {"COZUM_SECRET_KEY": "the running system's"})

    environment.enter(folder)

    os.close(lock)
    assert os.environ["COZUM_SECRET_KEY"] == "the running system's"
    assert (folder / "run" / "environment.json").stat().st_mode & 0o777 == 0o600


def test_a_verb_says_how_to_start_when_nothing_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment.URLS:
        monkeypatch.delenv(name, raising=False)
    environment.publish(folder, {"COZUM_SECRET_KEY": "of a system that was killed"})

    with pytest.raises(StackError, match=f"Nothing runs in {folder}"):
        environment.enter(folder)


def test_a_half_written_secret_does_not_stop_the_next_write(folder: Path) -> None:
    file = folder / "secrets.json"
    file.with_name("secrets.json.new").write_text("{")

    environment.write_private(file, {"whole": True})

    assert json.loads(file.read_text()) == {"whole": True}
