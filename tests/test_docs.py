"""What the documents promise is there, and what is there is in the documents."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from inbox.settings import Settings
from inbox.states import MessageState, ReplyState, RequestState
from stack.cli import VERBS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_readme_lists_every_setting(name: str) -> None:
    field = Settings.model_fields[name]
    variable = field.validation_alias or f"COZUM_{name.upper()}"
    assert f"`{variable}`" in README


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_readme_lists_every_command(verb: str) -> None:
    assert verb == "demo" or f"`cozum {verb}" in README


def test_every_file_the_documents_point_at_is_there() -> None:
    missing = []
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
            if "://" not in target and not (document.parent / target).exists():
                missing.append(f"{document.relative_to(ROOT)} → {target}")
    assert missing == []


def test_the_api_document_names_every_state() -> None:
    told = (ROOT / "docs" / "api.md").read_text()
    states = [*MessageState, *RequestState, *ReplyState]
    assert [state for state in states if state not in told] == []


def test_every_dependency_has_its_line() -> None:
    told = (ROOT / "docs" / "dependencies.md").read_text().lower()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = [re.split(r"[^A-Za-z0-9_-]", one)[0].lower() for one in listed]
    assert [name for name in names if name not in told and not name.startswith("types-")] == []


def test_the_architecture_page_names_every_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    rooms = [
        file.parent.name for package in ("inbox", "web") for file in (ROOT / package).glob("*/__init__.py")
    ]
    assert [room for room in rooms if f"`{room}`" not in page] == []
