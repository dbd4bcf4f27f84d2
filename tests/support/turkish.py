"""What a screen says in Turkish, and the English it must not say."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from werkzeug.test import TestResponse

from inbox.wording import Worded
from tests import translations


def turkish() -> Mapping[str, str]:
    """The Turkish of each sentence without a plural."""
    (file,) = (file for file in translations.files() if file.parent.parent.name == "tr")
    return {
        message.id: str(message.string)
        for message in translations.read(file)
        if message.id and isinstance(message.id, str)
    }


TURKISH = turkish()
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def english_pieces() -> frozenset[str]:
    """The longest piece of each English sentence between its placeholders; keys of ours are no sentences."""
    pieces = {max(_PLACEHOLDER.split(sentence), key=len).strip() for sentence in TURKISH}
    translated = " ".join(TURKISH.values())
    return frozenset(
        piece for piece in pieces if len(piece) > 11 and " " in piece and piece not in translated
    )


ENGLISH = english_pieces()


def read(answer: TestResponse) -> str:
    """What a person reads on a page, blanks made one."""
    visible = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.text, flags=re.DOTALL)
    return " ".join(html.unescape(visible).split())


def said(member: Worded) -> re.Pattern[str]:
    """How `member` is said in Turkish, whatever its values are."""
    pieces = [re.escape(" ".join(piece.split())) for piece in _PLACEHOLDER.split(TURKISH[member.sentence])]
    return re.compile(".+?".join(pieces))
