"""All environment variables, as one frozen, typed object. Nothing else reads the environment."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class FamilySecrets(BaseModel):
    """The secrets of one family of hooks. A body may be signed with any of `secrets`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    secrets: list[SecretStr] = []
    verify_token: SecretStr = SecretStr("")


class Settings(BaseSettings):
    """The settings of one deployment. The process does not start when a required one is missing."""

    model_config = SettingsConfigDict(env_prefix="COZUM_", frozen=True, extra="ignore")

    database_url: str = Field(validation_alias="DATABASE_URL")
    broker_url: str = Field(validation_alias="BROKER_URL")
    dir: Path = Field(description="the data folder: clock shift, run-time files")

    secret_key: SecretStr = Field(description="signs sessions and one-use links")
    credential_keys: list[SecretStr] = Field(
        min_length=1, description="Fernet keys; the first encrypts, all decrypt, so keys can be rotated"
    )
    hook_secrets: dict[str, FamilySecrets] = Field(
        default={}, description="what platforms sign hooks with, and ask for, by hook family"
    )

    city: str = Field(default="esenyurt", description="which folder of cities/ fills empty tables")
    api_urls: dict[str, str] = Field(
        default={}, description="base URLs by platform, where they are not the platforms' own: tests, a proxy"
    )
    public_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8000")

    poll_seconds: float = Field(default=60, gt=0)
    sweep_seconds: float = Field(default=60, gt=0)
    uncertain_wait_seconds: float = Field(default=600, gt=0, description="before absence may be believed")
    send_lease_seconds: float = Field(default=120, gt=0, description="no call of a send goes on after it")
    log_json: bool = False
    cookie_secure: bool = Field(default=True, description="off only where the site is served without TLS")
    trusted_proxies: int = Field(
        default=0, ge=0, le=5, description="how many reverse proxies of ours add X-Forwarded-… before us"
    )

    @property
    def uncertain_wait(self) -> timedelta:
        """How long after the claim a search that finds nothing may prove that the reply is not public."""
        return timedelta(seconds=self.uncertain_wait_seconds)

    @property
    def send_lease(self) -> timedelta:
        """How long a claimed reply belongs to its worker."""
        return timedelta(seconds=self.send_lease_seconds)


@cache
def settings() -> Settings:
    """The settings, read from the environment once. Raises ValidationError naming what is missing."""
    return Settings()
