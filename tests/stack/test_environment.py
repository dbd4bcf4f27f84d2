"""The data folder, its secrets, and what the processes are told."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from inbox.settings import Settings
from stack import environment, processes, stand_ins
from stack.errors import StackError
from stack.stand_ins import StandInSecrets

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


# --- what hooks are signed with -----------------------------------------------------------------------


def hook_secrets(told: dict[str, str]) -> Any:
    return json.loads(told["COZUM_HOOK_SECRETS"])


def test_the_token_for_subscribing_a_hook_is_the_folders_where_the_city_gives_none(folder: Path) -> None:
    own = {**URLS, "COZUM_HOOK_SECRETS": '{"meta": {"secrets": ["of the app"]}, "x": {"secrets": ["x"]}}'}

    first = hook_secrets(environment.for_real_use(own, settings(folder)))
    again = hook_secrets(environment.for_real_use(own, settings(folder)))

    assert first == again
    assert first["meta"]["secrets"] == ["of the app"]
    assert len(first["meta"]["verify_token"]) > 20
    assert first["x"] == {"secrets": ["x"]}


def test_the_variables_of_earlier_versions_still_say_what_they_said(folder: Path) -> None:
    earlier = {
        **URLS,
        "COZUM_META_APP_SECRETS": '["one", "two"]',
        "COZUM_META_VERIFY_TOKEN": "asked for",
        "COZUM_X_CONSUMER_SECRETS": '["three"]',
    }
    both = {**earlier, "COZUM_HOOK_SECRETS": '{"x": {"secrets": ["four"]}}'}

    meta = {"secrets": ["one", "two"], "verify_token": "asked for"}
    assert hook_secrets(environment.for_real_use(earlier, settings(folder))) == {
        "meta": meta,
        "x": {"secrets": ["three"]},
    }
    assert hook_secrets(environment.for_real_use(both, settings(folder))) == {
        "meta": meta,
        "x": {"secrets": ["four"]},
    }


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("COZUM_HOOK_SECRETS", '["a list"]'),
        ("COZUM_HOOK_SECRETS", "{not json"),
        ("COZUM_META_APP_SECRETS", "bare"),
    ],
)
def test_secrets_of_hooks_that_cannot_be_read_are_named(folder: Path, variable: str, value: str) -> None:
    with pytest.raises(StackError, match=variable):
        environment.for_real_use({**URLS, variable: value}, settings(folder))


def test_a_folder_of_an_earlier_version_keeps_its_secrets_and_is_not_written_again(folder: Path) -> None:
    file = folder / "secrets.json"
    drawn = {"secret_key": "s", "credential_keys": ["k"], "meta_app_secret": "a", "meta_verify_token": "v"}
    environment.write_private(file, {**drawn, "x_consumer_key": "c", "x_consumer_secret": "d"})
    before = file.stat().st_mtime_ns

    assert stand_ins.secrets(folder) == StandInSecrets("a", "v", "c", "d")
    assert hook_secrets(settings(folder)) == {"meta": {"verify_token": "v"}}
    assert file.stat().st_mtime_ns == before
