"""The configuration of a sandbox: accounts, secrets, limits and delays.

It is a JSON object. Usually only `channels` and `hook_base_url` are set; the defaults of the rest fit a demo.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PLATFORMS = ("x", "facebook", "instagram", "whatsapp")


class ConfigError(ValueError):
    """The configuration has an unknown setting or lacks a required one."""


@dataclass(frozen=True, slots=True)
class SandboxChannel:
    """One account or WhatsApp number of the municipality, as its platform knows it."""

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
    """The whole configuration. Durations are in seconds."""

    channels: tuple[SandboxChannel, ...] = DEMO_CHANNELS
    hook_base_url: str = ""  # address of the product's web server; empty: no hooks are sent
    x_hooks: bool = False  # X posts are also sent by hook, not only found by polling
    meta_app_id: str = "700800900"
    meta_app_secret: str = "sandbox-meta-app-secret"
    meta_verify_token: str = "sandbox-verify-token"
    x_consumer_key: str = "sandboxxconsumerkey01"
    x_consumer_secret: str = "sandbox-x-consumer-secret"
    x_client_id: str = "sandbox-x-client"
    x_bearer_token: str = ""  # an app-only, read-only token; empty: none
    enforce_x_rate_limits: bool = False  # the headers always count; calls are refused only if true
    whatsapp_async_errors: bool = False  # closed window: 200 and a `failed` status instead of a 400
    whatsapp_templates: tuple[Mapping[str, Any], ...] = ()  # {name, language, parameters?, text?}
    citizens_read: bool = True  # private messages are read soon after they are delivered
    receipt_seconds: float = 0.2  # between sent, delivered and read
    hook_timeout_seconds: float = 10.0
    hook_backoff_seconds: float = 2.0  # doubled after every failure, up to hook_backoff_most_seconds
    hook_backoff_most_seconds: float = 60.0
    hang_seconds: float = 30.0
    slow_seconds: float = 3.0
    late_hook_seconds: float = 5.0
    out_of_order_seconds: float = 5.0  # longest time that a hook waits for a later one to overtake it
    rate_limit_seconds: float = 60.0  # waiting time reported to a refused caller
    seed_posts: bool = True
    clock_file: str = ""  # a file that holds the clock's shift in seconds
    citizens_page_channels: tuple[str, ...] = field(default=())  # channels on the citizens' page; empty: all

    def channel(self, key: str) -> SandboxChannel | None:
        """The channel of this key, or None."""
        return next((channel for channel in self.channels if channel.key == key), None)


def read_config(raw: Mapping[str, Any]) -> Config:
    """Parse a configuration. Raises ConfigError naming what is wrong."""
    known = {setting.name for setting in dataclasses.fields(Config)}
    unknown = sorted(set(raw) - known)
    if unknown:
        raise ConfigError(f"unknown settings {unknown}; the known ones are {sorted(known)}")
    values: dict[str, Any] = dict(raw)
    if "channels" in values:
        values["channels"] = tuple(_read_channel(channel) for channel in values["channels"])
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
    known = {setting.name for setting in dataclasses.fields(SandboxChannel)}
    missing, unknown = sorted(needed - set(raw)), sorted(set(raw) - known)
    if missing or unknown:
        raise ConfigError(f"channel {raw.get('key')!r}: missing {missing}, unknown {unknown}")
    if raw["platform"] not in PLATFORMS:
        raise ConfigError(f"channel {raw['key']!r}: platform {raw['platform']!r} is not one of {PLATFORMS}")
    values = dict(raw)
    if values.get("scopes") is not None:
        values["scopes"] = tuple(values["scopes"])
    values["handle"] = str(values["handle"] or "").lstrip("@")
    return _completed(SandboxChannel(**values))


def _completed(channel: SandboxChannel) -> SandboxChannel:
    """The channel with derived values filled in where they are missing."""
    filled = channel
    if channel.platform == "x" and not channel.token_secret:
        filled = dataclasses.replace(filled, token_secret=f"{channel.token}-secret")
    if channel.platform == "whatsapp":
        if not channel.waba_id:
            filled = dataclasses.replace(filled, waba_id="2" + channel.external_id[1:])
        if not channel.display_phone_number:
            filled = dataclasses.replace(filled, display_phone_number="+90 555 000 04 11")
    return filled
