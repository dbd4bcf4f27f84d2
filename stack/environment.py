"""The data folder, the secrets in it, and the environment that every process of the system is given.

DIR/secrets.json       made at the first start, for the owner alone: keys, app secrets, verify token
DIR/database, broker   the embedded servers (as root perhaps elsewhere: stack.postgres)
DIR/log                one file a process
DIR/run                lock, list of processes, beat's schedule, the environment of the running system
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet
from pydantic import BaseModel

from stack import processes
from stack.errors import StackError
from stack.folders import private

# What children get of the environment we were started in, besides our own settings.
INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "SSL_CERT_FILE")
OURS = "COZUM_"

# What `stack.prepare --rehearsal` leaves in the data folder of a demo.
REHEARSAL = "rehearsal.json"
SANDBOX = "sandbox.json"
URLS = ("DATABASE_URL", "BROKER_URL")


class Secrets(BaseModel):
    """What is drawn once for a data folder. The city's own values in the environment come before these."""

    secret_key: str
    credential_keys: list[str]
    meta_app_secret: str
    meta_verify_token: str
    x_consumer_key: str
    x_consumer_secret: str


def open_folder(folder: Path) -> Path:
    """The data folder, absolute, with its parts made where they are missing; what is there stays as it is."""
    folder = folder.absolute()
    # The database's own user may have to pass through; what is secret in it is closed by itself.
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    for part in ("log", "run"):
        private(folder / part)
    return folder


def secrets_of(folder: Path) -> Secrets:
    """The secrets of a data folder, drawn at the first call."""
    file = folder / "secrets.json"
    if not file.exists():
        drawn = Secrets(
            secret_key=secrets.token_urlsafe(48),
            credential_keys=[Fernet.generate_key().decode()],
            meta_app_secret=secrets.token_hex(16),
            meta_verify_token=secrets.token_urlsafe(24),
            x_consumer_key=secrets.token_urlsafe(18),
            x_consumer_secret=secrets.token_urlsafe(36),
        )
        write_private(file, drawn.model_dump())
    return Secrets.model_validate_json(file.read_text())


def write_private(file: Path, value: object) -> None:
    """Write `value` as JSON for the owner alone, whole or not at all."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        json.dump(value, stream, indent=2, ensure_ascii=False)
        stream.write("\n")
    fresh.replace(file)


def settings_of(folder: Path, *, port: int, database_url: str, broker_url: str) -> dict[str, str]:
    """The settings a running system needs, each with the value that this folder gives it."""
    drawn = secrets_of(folder)
    return {
        "DATABASE_URL": database_url,
        "BROKER_URL": broker_url,
        "COZUM_DIR": str(folder),
        "COZUM_SECRET_KEY": drawn.secret_key,
        "COZUM_CREDENTIAL_KEYS": json.dumps(drawn.credential_keys),
        "COZUM_META_VERIFY_TOKEN": drawn.meta_verify_token,
        "COZUM_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }


def for_real_use(given: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """What children are told in real use: the city's own values, the folder's where it gave none."""
    own = {name: value for name, value in given.items() if name.startswith(OURS) or name in URLS}
    together = {**settings, **own, "COZUM_DIR": settings["COZUM_DIR"]}
    # A browser keeps secure cookies from a site without TLS, and nobody could sign in.
    served_plain = together["COZUM_PUBLIC_URL"].startswith("http://")
    together.setdefault("COZUM_COOKIE_SECURE", "false" if served_plain else "true")
    return _inherited(given) | together


def for_demo(given: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """What children are told in the demo: the folder's values alone, whatever the shell has set."""
    return _inherited(given) | dict(settings)


def _inherited(given: Mapping[str, str]) -> dict[str, str]:
    kept = {name: given[name] for name in INHERITED if name in given}
    return {"PATH": os.defpath, "PYTHONUNBUFFERED": "1"} | kept


def publish(folder: Path, env: Mapping[str, str]) -> None:
    """Keep the environment of the running system where the other verbs find it."""
    write_private(folder / "run" / "environment.json", dict(env))


def withdraw(folder: Path) -> None:
    """Forget the environment of a system that stops."""
    (folder / "run" / "environment.json").unlink(missing_ok=True)


def enter(folder: Path) -> None:
    """Make this process one of the system in `folder`: its settings become our environment.

    For the verbs that speak of a running system. Raises StackError if none runs there, unless DATABASE_URL
    and BROKER_URL name servers that run without us.
    """
    folder = folder.absolute()
    file = folder / "run" / "environment.json"
    if processes.is_claimed(folder) and file.exists():
        os.environ.update(json.loads(file.read_text()))
        return
    urls = [os.environ.get(name, "") for name in URLS]
    if not all(urls):
        raise StackError(
            f"Nothing runs in {folder}. Start it with `cozum --dir {folder} up` (or `make demo`), "
            "or set DATABASE_URL and BROKER_URL."
        )
    settings = settings_of(open_folder(folder), port=8000, database_url=urls[0], broker_url=urls[1])
    os.environ.update(for_real_use(os.environ, settings))
