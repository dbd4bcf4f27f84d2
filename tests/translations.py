"""`python -m tests.translations [--update]`: is every sentence of the screens said in every language?

English sentences stand in the code and the templates; `web/translations/<language>` says them in another
language. Without --update nothing is changed, and sentences fail that the catalogue lacks, has left empty,
has marked as guessed, says with other placeholders, or no longer needs. With it the catalogue takes up what
is new and drops what is gone.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

WEB = Path(__file__).parents[1] / "web"
CORE = WEB.parent / "inbox"
TRANSLATIONS = WEB / "translations"
_KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None, "lazy_gettext": None}
_HEADER = """\
# The screens in another language. Edit the words here; `make translations` brings new sentences in.
msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: {plurals}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"""
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")


def sentences() -> Catalog:
    """Every sentence that the screens, and the core's own enums, mark; untranslated."""
    with (WEB / "babel.cfg").open() as config:
        methods, options = parse_mapping_cfg(config)  # type: ignore[no-untyped-call]
    found = Catalog()
    for folder in (WEB, CORE):
        for _file, _line, message, _comments, context in extract_from_dir(
            folder, method_map=methods, options_map=options, keywords=_KEYWORDS
        ):
            found.add(message, context=context)
    return found


def files() -> list[Path]:
    """The catalogues in the tree, one a language."""
    return sorted(TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"))


def read(file: Path) -> Catalog:
    """The catalogue in `file`."""
    with file.open("rb") as source:
        return read_po(source, locale=file.parent.parent.name)


def update(file: Path) -> None:
    """Bring every sentence into the catalogue, keep its translation where it has one, drop the others."""
    before, after = read(file), Catalog(locale=file.parent.parent.name)
    # As the file has them: releases of Babel disagree on whether Turkish has a plural of its own.
    after.mime_headers = [("Plural-Forms", before.plural_forms)]
    for message in _in_order(sentences()):
        known = before.get(_key(message), message.context)
        after.add(message.id, known.string if known else None, context=message.context)
    with file.open("wb") as made:
        header = _HEADER.format(language=after.locale, plurals=after.plural_forms)
        made.write(header.encode() + b"\n")
        write_po(made, after, width=100, omit_header=True, sort_output=True)


def compile_all() -> None:
    """Make the files that the application reads."""
    for file in files():
        with file.with_suffix(".mo").open("wb") as made:
            write_mo(made, read(file))


def problems() -> Iterator[str]:
    """What is missing or wrong in the catalogues, one line each."""
    wanted = [_key(message) for message in _in_order(sentences())]
    for file in files():
        catalogue = read(file)
        language = file.parent.parent.name
        for key in wanted:
            translated = catalogue.get(key)
            if translated is None:
                yield f"{language}: not in the catalogue: {key}"
            elif translated.fuzzy:
                yield f"{language}: fuzzy: {key}"
            elif not all(_strings(translated)):
                yield f"{language}: untranslated: {key}"
            elif any(_placeholders(text) != _placeholders(key) for text in _strings(translated)):
                yield f"{language}: other placeholders than the sentence: {key}"
        for message in _in_order(catalogue):
            if _key(message) not in wanted:
                yield f"{language}: no longer said anywhere: {_key(message)}"


def _in_order(catalogue: Catalog) -> list[Message]:
    return sorted((message for message in catalogue if message.id), key=_key)


def _key(message: Message) -> str:
    """The sentence a message is found by: the singular where there are two."""
    return message.id if isinstance(message.id, str) else message.id[0]


def _strings(message: Message) -> Iterable[str]:
    return (message.string,) if isinstance(message.string, str) else message.string or ("",)


def _placeholders(text: str) -> set[str]:
    return {one or other for one, other in _PLACEHOLDER.findall(text)}


def main() -> int:
    """Check, or first update; the exit code."""
    if "--update" in sys.argv[1:]:
        for file in files():
            update(file)
    found = list(problems())
    for line in found:
        sys.stderr.write(f"{line}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
