"""The browser's fold and the core's say the same of every text, so that a list finds what search finds."""

from __future__ import annotations

import json
import random
import subprocess
import unicodedata
from pathlib import Path

from inbox.language.turkish import fold

SCRIPT = Path(__file__).parent / "js" / "fold_lines.js"
WRITTEN = """
ISPARTA ısparta İSPARTA i̇sparta Çöp ışık IŞIK kâğıt Âlim îmâ Kurdî Êzidî Şêx XWEDÊ ŵêne
ﬁdan ﬃ Straße STRASSE ẞ Ὀδυσσεύς ΣΊΣΥΦΟΣ ᾳ ŉ ǆ ǅ مرحبا مُحَمَّد مرحـــبا ٣٤٢ ۳۴۲ कमल ४२ ꭰꮿ
👩‍👩‍👧 🇹🇷 ☀️ ①② ½ № Ｆｕｌｌ 𝓑𝓮𝓵𝓮𝓭𝓲𝔂𝓮 🅑🅔🅛 ᴇsᴇɴ z̷a̷l̷g̷o̷ “söz” Ali’nin Ali`nin ʻ
"""
WORDS = (
    *WRITTEN.split(),
    *("e\u0301", "s\u0327", "g\u0306", "zero\u200bwidth", "\u202eters", "\ud83d", "x\udc00y"),
    *("a\u00a0b", "a\x1cb\x85c", "a\tb\n c ", "\x00\x07", "", "  ", "\u3164"),
)
# What is written here or comes by copy and paste. Elsewhere Node's Unicode may be newer than Python's.
BLOCKS = (
    (0, 0x3000),
    (0xA640, 0xA800),
    (0xAB30, 0xAB70),
    (0xFB00, 0x10000),
    (0x1D400, 0x1D800),
    (0x1F000, 0x1FB00),
)
LETTERS = [
    chr(code)
    for first, end in BLOCKS
    for code in range(first, end)
    if unicodedata.category(chr(code)) != "Cn"
]
MET = (
    "abcçdefgğhıijklmnoöpqrsştuüvwxyzABCÇDEFGĞHIİJKLMNOÖPQRSŞTUÜVWXYZâîûêÊÎÛ"
    " '’.-0123456789\u0307\u0301\u0327\u200d"
)


def texts() -> list[str]:
    """Written words, every letter by itself, and thousands of mixtures, the same in each run."""
    chance = random.Random(8)
    mixed = ["".join(chance.choices(LETTERS, k=chance.randint(2, 8))) for _ in range(4000)]
    likely = ["".join(chance.choices(MET, k=chance.randint(2, 12))) for _ in range(4000)]
    return [*WORDS, *LETTERS, *mixed, *likely]


def test_the_browser_folds_as_the_core_does() -> None:
    said = texts()
    node = subprocess.run(
        ["node", str(SCRIPT)], input=json.dumps(said), capture_output=True, text=True, check=True
    )

    differing = [
        f"{text!a}: the browser {there!a}, the core {here!a}"
        for text, there, here in zip(said, json.loads(node.stdout), map(fold, said), strict=True)
        if there != here
    ]

    assert not differing, "\n".join(differing[:30])
