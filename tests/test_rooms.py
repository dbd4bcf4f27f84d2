"""Every module of the core has a file of tests of the same name in the same room."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TABLES = {"models", "migrations"}  # declarations alone: what they promise is tested where it is used


def untested(core: Path, tests: Path) -> list[str]:
    """The modules of `core` without a file of tests, each with the file that it wants."""
    missing = []
    for module in sorted(core.rglob("*.py")):
        place = module.relative_to(core)
        if place.name == "__init__.py" or place.parts[0] in TABLES:
            continue
        wanted = tests / place.with_name(f"test_{place.name}")
        if not wanted.is_file() or not re.search(r"^(async )?def test_", wanted.read_text(), re.M):
            missing.append(f"{core.name}/{place} wants tests/{wanted.relative_to(tests.parent)}")
    return missing


def test_every_module_of_the_core_has_its_tests() -> None:
    assert untested(ROOT / "inbox", ROOT / "tests" / "inbox") == []


@pytest.mark.parametrize("tests", [None, "", '"""Nothing yet."""\n'])
def test_a_module_without_tests_is_named_with_the_file_it_wants(tmp_path: Path, tests: str | None) -> None:
    room, beside = tmp_path / "inbox" / "media", tmp_path / "tests" / "inbox" / "media"
    for folder in (room, beside, tmp_path / "inbox" / "models"):
        folder.mkdir(parents=True)
    (room / "__init__.py").touch()
    (tmp_path / "inbox" / "models" / "media.py").touch()
    (room / "files.py").write_text("def fetch() -> None: ...\n")
    if tests is not None:
        (beside / "test_files.py").write_text(tests)

    found = untested(tmp_path / "inbox", tmp_path / "tests" / "inbox")

    assert found == ["inbox/media/files.py wants tests/inbox/media/test_files.py"]
