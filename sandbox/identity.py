"""Ids in the platforms' formats: the same each time for a person, rising for posts and messages."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import threading
import time
import unicodedata
from dataclasses import dataclass

X_EPOCH_MILLISECONDS = 1_288_834_974_657
_TURKISH = str.maketrans("ıİşŞğĞüÜöÖçÇâÂîÎûÛ", "iissgguuooccaaiiuu")


@dataclass(frozen=True, slots=True)
class Citizen:
    """One citizen as known to one platform; on Facebook and Instagram, to one account."""

    id: str  # X user id, page-scoped id, Instagram-scoped id; on WhatsApp the BSUID
    platform: str
    scope: str  # the account that the id is valid for; "" on X and WhatsApp
    name: str
    handle: str
    phone: str = ""  # WhatsApp: digits with country code
    phone_hidden: bool = False  # WhatsApp: hooks contain only the BSUID
    bsuid_shown: bool = True  # WhatsApp: hooks contain the BSUID


def _number(seed: str, digits: int) -> str:
    """A number of `digits` decimal digits derived from `seed`; the first is never 0."""
    value = int.from_bytes(hashlib.sha256(seed.encode(errors="surrogatepass")).digest(), "big")
    return str(10 ** (digits - 1) + value % (9 * 10 ** (digits - 1)))


def handle_of(name: str, *, longest: int) -> str:
    """A user name for somebody called `name`, such as `ayse_yilmaz41`, of at most `longest` characters."""
    plain = unicodedata.normalize("NFKD", name.translate(_TURKISH)).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_") or "vatandas"
    return stem[: longest - 2].rstrip("_") + _number("handle:" + name, 2)


def person(platform: str, scope: str, name: str, *, phone_hidden: bool = False) -> Citizen:
    """The citizen of this name. Ids are the same each time, but differ by platform and (Meta) by account."""
    seed = f"{platform}:{scope}:{name}"
    if platform == "whatsapp":
        bsuid_shown = phone_hidden or int(_number("bsuid-shown:" + name, 4)) % 4 != 0
        return Citizen(
            id="TR." + _number("bsuid:" + name, 17),
            platform=platform,
            scope="",
            name=name,
            handle="",
            phone="90500" + _number("phone:" + name, 7),
            phone_hidden=phone_hidden,
            bsuid_shown=bsuid_shown,
        )
    digits = {"x": 18, "facebook": 16, "instagram": 16}[platform]
    return Citizen(
        id=_number(seed, digits),
        platform=platform,
        scope=scope,
        name=name,
        handle=handle_of(name, longest=15 if platform == "x" else 30),
    )


class Numbering:
    """Generates rising ids for new entries; after a restart too, if `at_least` gets the last one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def at_least(self, serial: int) -> None:
        """Generate only higher numbers than `serial` from now on."""
        with self._lock:
            self._last = max(self._last, serial)

    def serial(self) -> int:
        """A rising number of 15 digits, based on the machine's clock."""
        with self._lock:
            self._last = max(self._last + 1, time.time_ns() // 10_000_000 * 1000)
            return self._last

    def tweet(self) -> str:
        """A snowflake of 19 digits."""
        serial = self.serial()
        return str(((serial // 100 - X_EPOCH_MILLISECONDS) << 22) + serial % 100)

    def number(self, prefix: str = "") -> str:
        """Digits for a Graph object: the prefix and 14 more."""
        return prefix + str(self.serial() % 10**14).zfill(14)

    def wamid(self, phone: str) -> str:
        """A WhatsApp message id."""
        inner = (
            b"\x1d\x18\x0c"
            + phone.encode()
            + b"\x15\x02\x00\x11\x18"
            + secrets.token_hex(10).upper().encode()
        )
        return "wamid." + base64.b64encode(inner).decode()

    def mid(self, platform: str) -> str:
        """The id of a Messenger or Instagram direct message."""
        prefix = "aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlE" if platform == "instagram" else "m_"
        return prefix + base64.urlsafe_b64encode(secrets.token_bytes(30)).decode()


def trace_id() -> str:
    """An `fbtrace_id`."""
    return "A" + base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
