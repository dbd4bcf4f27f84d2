"""What one sandbox is told: its accounts, the secrets it signs with, and how fast its clocks run.

A JSON object; only `channels` and `hook_base_url` are normally written, the rest has defaults fit for a demo.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PLATFORMS = ("x", "facebook", "instagram", "whatsapp")


class ConfigError(ValueError):
    """A configuration that names something unknown or lacks something needed."""


@dataclass(frozen=True, slots=True)
class SandboxChannel:
    """One account or line of the municipality, as its platform knows it."""

    key: str
    platform: str
    name: str
    handle: str
    external_id: str  # X user id, page id, Instagram user id, WhatsApp phone number id
    token: str
    token_secret: str = ""  # X, OAuth 1.0a only; `<token>-secret` unless given
    scopes: tuple[str, ...] | None = None  # permissions of the token; None: all
    waba_id: str = ""  # WhatsApp Business account; the phone number id with a leading 2 unless given
    display_phone_number: str = ""  # WhatsApp


def _demo_channel(key: str, name: str, handle: str, external_id: str) -> SandboxChannel:
    platform = key.split("-", maxsplit=1)[0]
    return SandboxChannel(
        key=key,
        platform=platform,
        name=name,
        handle=handle,
        external_id=external_id,
        token=f"sandbox-token-{key}",
    )


DEMO_CHANNELS = (
    _demo_channel("x-belediye", "Esenyurt Belediyesi", "esenyurtbelediye", "1500000001"),
    _demo_channel("x-baskan", "Esenyurt Belediye Başkanı", "esenyurtbaskan", "1500000002"),
    _demo_channel("facebook-belediye", "Esenyurt Belediyesi", "esenyurtbelediye", "100200300401"),
    _demo_channel("facebook-baskan", "Esenyurt Belediye Başkanı", "esenyurtbaskan", "100200300402"),
    _demo_channel("instagram-belediye", "Esenyurt Belediyesi", "esenyurtbelediye", "17841400000000001"),
    _demo_channel("instagram-baskan", "Esenyurt Belediye Başkanı", "esenyurtbaskan", "17841400000000002"),
    _demo_channel("whatsapp-cozum", "Esenyurt Çözüm Merkezi", "cozum", "105500000000001"),
)


@dataclass(frozen=True, slots=True)
class Config:
    """All of it. Times are seconds."""

    channels: tuple[SandboxChannel, ...] = DEMO_CHANNELS
    hook_base_url: str = ""  # our web's address; empty: hooks are not delivered at all
    x_hooks: bool = False  # X posts also go out by hook, not only by poll
    meta_app_id: str = "700800900"
    meta_app_secret: str = "sandbox-meta-app-secret"
    meta_verify_token: str = "sandbox-verify-token"
    x_consumer_key: str = "sandboxxconsumerkey01"
    x_consumer_secret: str = "sandbox-x-consumer-secret"
    x_client_id: str = "sandbox-x-client"
    x_bearer_token: str = ""  # an app-only token that may read and not write; empty: none
    enforce_x_rate_limits: bool = False  # the headers always count; refusals only when true
    whatsapp_async_errors: bool = False  # a closed window: 200 and a failed status, instead of 400
    whatsapp_templates: tuple[Mapping[str, Any], ...] = ()  # {name, language, parameters?, text?}
    citizens_read: bool = True  # what we send privately is read soon after it is delivered
    receipt_seconds: float = 0.2  # between sent, delivered and read
    hook_timeout_seconds: float = 10.0
    hook_backoff_seconds: float = 2.0  # doubled at every failed try, up to hook_backoff_most_seconds
    hook_backoff_most_seconds: float = 60.0
    hang_seconds: float = 30.0
    slow_seconds: float = 3.0
    late_hook_seconds: float = 5.0
    out_of_order_seconds: float = 5.0  # how long a hook waits at most for a later one to overtake it
    rate_limit_seconds: float = 60.0  # what a refused caller is told to wait
    seed_posts: bool = True
    clock_file: str = ""  # holds a number of seconds by which this sandbox's clock is ahead
    citizens_page_channels: tuple[str, ...] = field(default=())  # which channels the page shows; empty: all

    def channel(self, key: str) -> SandboxChannel | None:
        """The channel of this key, or None."""
        return next((channel for channel in self.channels if channel.key == key), None)


def read_config(raw: Mapping[str, Any]) -> Config:
    """The configuration a JSON object describes. Raises ConfigError naming what is wrong."""
    known = {one.name for one in dataclasses.fields(Config)}
    unknown = sorted(set(raw) - known)
    if unknown:
        raise ConfigError(f"unknown settings {unknown}; there are {sorted(known)}")
    values: dict[str, Any] = dict(raw)
    if "channels" in values:
        values["channels"] = tuple(_read_channel(one) for one in values["channels"])
        keys = [channel.key for channel in values["channels"]]
        if len(set(keys)) != len(keys):
            raise ConfigError(f"two channels have the same key: {keys}")
    else:
        values["channels"] = tuple(_completed(channel) for channel in DEMO_CHANNELS)
    for name in ("whatsapp_templates", "citizens_page_channels"):
        if name in values:
            values[name] = tuple(values[name])
    values["hook_base_url"] = str(values.get("hook_base_url") or "").rstrip("/")
    return Config(**values)


def _read_channel(raw: Mapping[str, Any]) -> SandboxChannel:
    needed = {"key", "platform", "name", "handle", "external_id", "token"}
    known = {one.name for one in dataclasses.fields(SandboxChannel)}
    missing, unknown = sorted(needed - set(raw)), sorted(set(raw) - known)
    if missing or unknown:
        raise ConfigError(f"channel {raw.get('key')!r}: missing {missing}, unknown {unknown}")
    if raw["platform"] not in PLATFORMS:
        raise ConfigError(f"channel {raw['key']!r}: platform {raw['platform']!r} is none of {PLATFORMS}")
    values = dict(raw)
    if values.get("scopes") is not None:
        values["scopes"] = tuple(values["scopes"])
    values["handle"] = str(values["handle"] or "").lstrip("@")
    return _completed(SandboxChannel(**values))


def _completed(channel: SandboxChannel) -> SandboxChannel:
    """The channel with what can be derived filled in."""
    filled = channel
    if channel.platform == "x" and not channel.token_secret:
        filled = dataclasses.replace(filled, token_secret=f"{channel.token}-secret")
    if channel.platform == "whatsapp":
        if not channel.waba_id:
            filled = dataclasses.replace(filled, waba_id="2" + channel.external_id[1:])
        if not channel.display_phone_number:
            filled = dataclasses.replace(filled, display_phone_number="+90 555 000 04 11")
    return filled
