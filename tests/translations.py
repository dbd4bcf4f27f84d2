"""`python -m tests.translations [--update]`: is every sentence of the screens translated?

Without --update it changes nothing and fails, naming them, on sentences that the Turkish catalogue lacks,
has left empty, or has marked as guessed (fuzzy). With it the catalogue takes up what is new and drops what
is gone.
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

WEB = Path(__file__).parents[1] / "web"
CATALOGUE = WEB / "translations" / "tr" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "lazy_pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def extracted() -> Catalog:
    """Every sentence that the screens show, with the places where they do."""
    with (WEB / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = Catalog(project="cozum", charset="utf-8")
    for name, line, message, comments, context in extract_from_dir(
        str(WEB), methods, options, keywords=KEYWORDS, comment_tags=("Translators:",)
    ):
        found.add(message, None, [(f"web/{name}", line)], auto_comments=comments, context=context)
    return found


def kept() -> Catalog:
    """The Turkish catalogue as it is kept."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="tr")


def is_translated(message: Message | None) -> bool:
    """Whether a person has given every form of it."""
    if message is None or message.fuzzy:
        return False
    forms = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return all(forms) and bool(forms)


def missing() -> list[Message]:
    """The sentences that a Turkish reader would see in English."""
    catalogue = kept()
    return [
        message
        for message in extracted()
        if message.id and not is_translated(catalogue.get(message.id, message.context))
    ]


def update() -> None:
    """Take up what is new, drop what is gone, keep every translation; guess nothing."""
    catalogue = kept() if CATALOGUE.exists() else Catalog(locale="tr", project="cozum", charset="utf-8")
    catalogue.update(extracted(), no_fuzzy_matching=True)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    with CATALOGUE.open("wb") as file:
        write_po(file, catalogue, width=110, sort_output=True, ignore_obsolete=True, include_lineno=False)


def main() -> int:
    """Check or update; the exit code."""
    if "--update" in sys.argv[1:]:
        update()
    untranslated = missing()
    for message in untranslated:
        places = ", ".join(f"{name}:{line}" for name, line in message.locations)
        sys.stderr.write(f"not translated: {message.id!r}  ({places})\n")
    if untranslated:
        sys.stderr.write(f"{len(untranslated)} sentences wait in {CATALOGUE.relative_to(WEB.parent)}\n")
    return 1 if untranslated else 0


if __name__ == "__main__":
    sys.exit(main())
