"""Generates signed hook requests as the platforms send them, with invented citizens and unique messages."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.hooks import meta_bytes, meta_signature, x_bytes, x_signature

PAGES = ("100200300401", "100200300402")
INSTAGRAM = ("17841400000000001", "17841400000000002")
X = (("1500000001", "esenyurtbelediye"), ("1500000002", "esenyurtbaskan"))
WHATSAPP = "105500000000001"
_POSTS = 40  # number of our posts that get comments
_FIRST = ("Ayşe", "Mehmet", "Zeynep", "Mustafa", "Elif", "Hüseyin", "Emine", "İbrahim", "Şerife", "Ömer")
_LAST = ("Yılmaz", "Kaya", "Demir", "Şahin", "Çelik", "Yıldız", "Öztürk", "Aydın", "Kılıç", "Güneş")
_PLACES = ("Zafer", "Pınar", "Fatih", "Mevlana", "Yenikent", "İncirtepe", "Saadetdere", "Talatpaşa", "Örnek")
_MATTERS = (
    "{place} mahallesinde yol çöktü, araçlar geçemiyor. Ne zaman onarılacak?",
    "{place} mahallesinde çöpler üç gündür alınmadı 😡 koku dayanılmaz oldu",
    "Parktaki salıncak kırık, çocuklar düşüyor. {place} parkı, girişin sağ tarafı",
    "{place}'de sokak lambası iki haftadır yanmıyor, akşamları çok karanlık",
    "Kaldırım işgali var, {place} pazar yerinin karşısı\nMasalar yolu kapatıyor",
    "Teşekkürler, {place} parkı çok güzel olmuş 🌳❤️",
    "Evlilik başvurusu için hangi belgeler gerekli? {place}'den yazıyorum",
    "{place} mahallesine otobüs seferi istiyoruz, çocuklar okula yürüyor",
    "Su birikintisi göl gibi oldu, {place} 4. sokak no 12 önü",
    "Başıboş köpekler için {place} mahallesine ekip yönlendirir misiniz?",
)
# Percentage of each platform: most citizens write on WhatsApp and under Facebook posts.
_MIX = {"whatsapp": 40, "facebook": 30, "instagram": 15, "x": 15}


@dataclass(frozen=True, slots=True)
class HookSecrets:
    """The secrets that sign the hooks of Meta and X."""

    meta: str
    x: str


class Citizens:
    """Generates requests. The ids depend on the name, so two names never generate the same message."""

    def __init__(self, name: str, secrets: HookSecrets) -> None:
        self._secrets = secrets
        self._rng = random.Random(name)
        self._ids = itertools.count(1)
        # Long numbers, as on the platforms, in a range of this name's own.
        self._base = self._rng.randrange(10**6, 10**7) * 10**9

    def requests(self, count: int) -> list[bytes]:
        """The next `count` HTTP requests, as bytes on the wire."""
        return list(itertools.islice(self._requests(), count))

    def _requests(self) -> Iterator[bytes]:
        kinds, weights = list(_MIX), list(_MIX.values())
        while True:
            number = next(self._ids)
            # One message in four is by somebody who has written before.
            citizen = number if self._rng.random() < 0.75 else self._rng.randint(1, number)
            kind = self._rng.choices(kinds, weights)[0]
            body = getattr(self, f"_{kind}")(self._base + number, self._base + citizen)
            if kind == "x":
                raw = x_bytes(body)
                yield _http(
                    "/hooks/x", "x-twitter-webhooks-signature", x_signature(self._secrets.x, raw), raw
                )
            else:
                raw = meta_bytes(body)
                yield _http(
                    "/hooks/meta", "X-Hub-Signature-256", meta_signature(self._secrets.meta, raw), raw
                )

    def _text(self, number: int) -> str:
        return f"{self._rng.choice(_MATTERS).format(place=self._rng.choice(_PLACES))} (k{number % 10**9})"

    def _whatsapp(self, number: int, citizen: int) -> dict[str, Any]:
        # Spread over nine digits, so that citizens of different names rarely share a phone number.
        phone = f"905{(citizen // 10**9 * 7_919 + citizen) % 10**9:09d}"
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "905550000411", "phone_number_id": WHATSAPP},
            "contacts": [
                {"profile": {"name": _name(citizen)}, "wa_id": phone, "user_id": f"TR.{citizen}"},
            ],
            "messages": [
                {
                    "from": phone,
                    "from_user_id": f"TR.{citizen}",
                    "id": f"wamid.HBgM{number:020X}",
                    "timestamp": str(_now()),
                    "type": "text",
                    "text": {"body": self._text(number)},
                }
            ],
        }
        changes = [{"field": "messages", "value": value}]
        return {
            "object": "whatsapp_business_account",
            "entry": [{"id": "205500000000001", "changes": changes}],
        }

    def _facebook(self, number: int, citizen: int) -> dict[str, Any]:
        page, post = self._rng.choice(PAGES), self._rng.randrange(_POSTS)
        value = {
            "item": "comment",
            "verb": "add",
            "post_id": f"{page}_{post}",
            "comment_id": f"{post}_{number}",
            "parent_id": f"{page}_{post}",
            "from": {"id": str(citizen), "name": _name(citizen)},
            "created_time": _now(),
            "message": self._text(number),
        }
        return {
            "object": "page",
            "entry": [{"id": page, "time": _now(), "changes": [{"field": "feed", "value": value}]}],
        }

    def _instagram(self, number: int, citizen: int) -> dict[str, Any]:
        account, post = self._rng.choice(INSTAGRAM), self._rng.randrange(_POSTS)
        value = {
            "id": f"178{number}",
            "from": {"id": str(citizen), "username": f"{_name(citizen).lower().replace(' ', '.')}"},
            "media": {"id": f"1790000000000{post:04d}", "media_product_type": "FEED"},
            "text": self._text(number),
        }
        changes = [{"field": "comments", "value": value}]
        return {"object": "instagram", "entry": [{"id": account, "time": _now(), "changes": changes}]}

    def _x(self, number: int, citizen: int) -> dict[str, Any]:
        account, handle = self._rng.choice(X)
        text = f"@{handle} {self._text(number)}"
        created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        post = {
            "id": str(number),
            "text": text,
            "author_id": str(citizen),
            "created_at": created,
            "conversation_id": str(number),
            "edit_history_tweet_ids": [str(number)],
        }
        mention = {"start": 0, "end": len(handle) + 1, "username": handle, "id": account}
        user = {"id": str(citizen), "name": _name(citizen), "username": f"kisi{citizen % 10**9}"}
        return {
            "data": {
                "event_uuid": str(number * 7),
                "filter": {"user_id": account},
                "event_type": "post.mention.create",
                "tag": "mentions",
                "payload": {**post, "entities": {"mentions": [mention]}, "lang": "tr"},
            },
            "includes": {"users": [{"data": user}], "tweets": [post]},
        }


def _name(citizen: int) -> str:
    return f"{_FIRST[citizen % len(_FIRST)]} {_LAST[citizen // 10 % len(_LAST)]}"


def _now() -> int:
    return int(datetime.now(UTC).timestamp())


def _http(path: str, header: str, signature: str, raw: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: facebookexternalua\r\nAccept: */*\r\n"
        f"Content-Type: application/json\r\n{header}: {signature}\r\nContent-Length: {len(raw)}\r\n\r\n"
    )
    return head.encode() + raw
