"""A platform is its folder in `connectors` and one line there: nothing else names one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import connectors

ROOT = Path(__file__).parents[1]
SEARCHED = ("inbox", "worker", "web", "stack", "cities")
KINDS = {".py", ".html", ".js", ".mjs", ".css", ".po", ".txt", ".svg"}  # a city's own data is YAML

NAMED_ON_PURPOSE = {
    "web/assets/css/tokens.css": "the colour of each platform's sign",
    "stack/stand_ins.py": "what the demo and the sandbox agree on: the sandbox speaks as real platforms do",
    "inbox/log.py": "which libraries must never log: they write tokens and telephone numbers",
    "inbox/language/person_names.py": "words that stand where a name should and are nobody's",
}

_NAMES = r"facebook|instagram|whatsapp|messenger|twitter|tweepy|heyoo"
# Also a word of HTML and of modules: `<meta …>`, `'meta[name=…]'`, `import.meta`.
_META = r"""(?<![<.])(?<!['"](?=meta\[))(?:\bmeta\b|\bmeta_|_meta_)"""
# A letter means the platform where it is a key, is compared, is a path's end or a variable's beginning.
_X = r"""["']x["']\s*:|[!=]=\s*["']x["']|["']x["']\s*[!=]=|platform\s*=\s*["']x["']|hooks?[:/]x\b|chan-x\b"""
_X_SETTING = r"\bx_consumer"
PLATFORM_NAME = re.compile(f"{_NAMES}|{_META}|{_X}|{_X_SETTING}", re.IGNORECASE)


def _files() -> Iterator[Path]:
    for package in SEARCHED:
        for file in sorted((ROOT / package).rglob("*")):
            if file.suffix in KINDS and "static" not in file.relative_to(ROOT).parts:
                yield file


def test_no_platform_is_named_outside_its_folder() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for file in _files()
        if str(file.relative_to(ROOT)) not in NAMED_ON_PURPOSE
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if PLATFORM_NAME.search(line)
    ]

    assert found == []


@pytest.mark.parametrize("path", NAMED_ON_PURPOSE)
def test_an_exception_that_is_needed_no_more_is_taken_back(path: str) -> None:
    assert PLATFORM_NAME.search((ROOT / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("key", [*connectors.CONNECTORS, *connectors.HOOKS])
def test_every_platform_and_hook_there_is_would_be_found(key: str) -> None:
    assert PLATFORM_NAME.search(f'    "{key}": "brand",')
    assert PLATFORM_NAME.search(f'if channel.platform == "{key}":')


@pytest.mark.parametrize(
    "line",
    [
        'if channel.platform != "x":',
        '@blueprint.get("/<any(meta, x):hook>")',
        "meta_app_secrets: list[SecretStr]",
        '"COZUM_META_VERIFY_TOKEN": token,',
        ".chan-x .icon { color: black; }",
        'label = _("WhatsApp business id")',
        '{% if channel.platform == "x" %}',
    ],
)
def test_a_line_that_names_a_platform_is_found(line: str) -> None:
    assert PLATFORM_NAME.search(line)


@pytest.mark.parametrize(
    "line",
    [
        '<meta name="viewport" content="width=device-width">',
        """document.querySelector('meta[name="csrf-token"]')""",
        "fileURLToPath(import.meta.url)",
        'icon("x", label=_("Close"))',
        '(("e", "x"), _("Dismiss"))',
        "x = metadata",
    ],
)
def test_a_line_that_names_none_is_not(line: str) -> None:
    assert not PLATFORM_NAME.search(line)
