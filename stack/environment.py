"""The data folder, the secrets in it, and the environment variables of every process of the system.

DIR/secrets.json       keys and verify tokens; created at the first start, readable by the owner
DIR/database, broker   data of the embedded servers (as root sometimes elsewhere: stack.postgres)
DIR/log                one log file for each process
DIR/run                lock, list of processes, beat's schedule, the environment of the running system
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.fernet import Fernet
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from connectors import HOOKS
from stack import processes
from stack.errors import StackError
from stack.folders import private

# Variables that children inherit from our own environment, besides our settings.
INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "SSL_CERT_FILE")
OURS = "COZUM_"

# Files that `stack.prepare --rehearsal` writes into the data folder of a demo.
REHEARSAL = "rehearsal.json"
SANDBOX = "sandbox.json"
URLS = ("DATABASE_URL", "BROKER_URL")
HOOK_SECRETS = "COZUM_HOOK_SECRETS"
_TABLE, _LIST = TypeAdapter(dict[str, dict[str, object]]), TypeAdapter(list[str])


class Secrets(BaseModel):
    """Random secrets, generated once for a data folder. Values set in the environment override them.

    Others are kept by name beside the two fields: verify tokens, and in a demo the sandbox's secrets.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, str]

    secret_key: str
    credential_keys: list[str]

    def __getitem__(self, name: str) -> str:
        return self.__pydantic_extra__[name]


def open_folder(folder: Path) -> Path:
    """Create the data folder and its subfolders where they are missing. Returns its absolute path."""
    folder = folder.absolute()
    # 0711, because the database's user may have to pass through; secret files have their own modes.
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    for part in ("log", "run"):
        private(folder / part)
    return folder


def secrets_of(folder: Path, *, also: Iterable[str] = ()) -> Secrets:
    """The secrets of a data folder, with those named in `also`. Missing ones are generated and kept."""
    file = folder / "secrets.json"
    kept = json.loads(file.read_text()) if file.exists() else {}
    drawn = {"secret_key": secrets.token_urlsafe(48), "credential_keys": [Fernet.generate_key().decode()]}
    named = [verify_token(hook.name) for hook in HOOKS.values() if hook.asks_for_token]
    drawn |= {name: secrets.token_urlsafe(24) for name in (*named, *also)}
    if missing := drawn.keys() - kept.keys():
        kept |= {name: drawn[name] for name in missing}
        write_private(file, kept)
    return Secrets.model_validate(kept)


def verify_token(hook: str) -> str:
    """The name, among a folder's secrets, of the token that the platform asks for at a subscription."""
    return f"{hook}_verify_token"


def write_private(file: Path, value: object) -> None:
    """Write `value` as JSON, atomically, readable by the owner only."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        json.dump(value, stream, indent=2, ensure_ascii=False)
        stream.write("\n")
    fresh.replace(file)


def settings_of(folder: Path, *, port: int, database_url: str, broker_url: str) -> dict[str, str]:
    """The environment variables that a running system needs, with this folder's values."""
    drawn = secrets_of(folder)
    return {
        "DATABASE_URL": database_url,
        "BROKER_URL": broker_url,
        "COZUM_DIR": str(folder),
        "COZUM_SECRET_KEY": drawn.secret_key,
        "COZUM_CREDENTIAL_KEYS": json.dumps(drawn.credential_keys),
        HOOK_SECRETS: json.dumps(
            {
                hook.name: {"verify_token": drawn[verify_token(hook.name)]}
                for hook in HOOKS.values()
                if hook.asks_for_token
            }
        ),
        "COZUM_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }


def for_real_use(given: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """The children's environment for real use: the city's own values override the folder's `settings`."""
    own = {name: value for name, value in given.items() if name.startswith(OURS) or name in URLS}
    together = {**settings, **own, "COZUM_DIR": settings["COZUM_DIR"]}
    together[HOOK_SECRETS] = json.dumps(_hook_secrets(settings, own))
    # Without TLS a browser does not send secure cookies, and nobody could sign in.
    served_plain = together["COZUM_PUBLIC_URL"].startswith("http://")
    together.setdefault("COZUM_COOKIE_SECURE", "false" if served_plain else "true")
    return _inherited(given) | together


def _hook_secrets(settings: Mapping[str, str], own: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """The secrets of hooks by family. Field by field, COZUM_HOOK_SECRETS overrides the variables of earlier
    versions, and these override the folder's own values. Raises StackError for a value that cannot be read.
    """
    table = _table(settings)
    for hook in HOOKS.values():
        for field, variable in hook.earlier_settings.items():
            if variable in own:
                table.setdefault(hook.name, {})[field] = _earlier(field, variable, own[variable])
    for name, values in _table(own).items():
        table.setdefault(name, {}).update(values)
    return table


def _earlier(field: str, variable: str, value: str) -> object:
    if field == "verify_token":
        return value
    try:
        return _LIST.validate_json(value)
    except ValidationError:
        raise StackError(f"{variable} must be a JSON list of secrets") from None


def _table(variables: Mapping[str, str]) -> dict[str, dict[str, object]]:
    try:
        return _TABLE.validate_json(variables.get(HOOK_SECRETS, "{}"))
    except ValidationError:
        raise StackError(
            f'{HOOK_SECRETS} must be JSON by hook family: {{"…": {{"secrets": ["…"]}}}}'
        ) from None


def hook_variables() -> list[str]:
    """The names of all environment variables that can hold secrets of hooks."""
    return [HOOK_SECRETS, *(name for hook in HOOKS.values() for name in hook.earlier_settings.values())]


def for_demo(given: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """The children's environment for the demo: the folder's `settings` only, whatever the shell sets."""
    return _inherited(given) | dict(settings)


def _inherited(given: Mapping[str, str]) -> dict[str, str]:
    kept = {name: given[name] for name in INHERITED if name in given}
    return {"PATH": os.defpath, "PYTHONUNBUFFERED": "1"} | kept


def publish(folder: Path, env: Mapping[str, str]) -> None:
    """Store the environment of the running system, where the other `cozum` commands read it."""
    write_private(folder / "run" / "environment.json", dict(env))


def withdraw(folder: Path) -> None:
    """Remove the stored environment, because the system stops."""
    (folder / "run" / "environment.json").unlink(missing_ok=True)


def enter(folder: Path) -> None:
    """Set this process's environment to that of the system running in `folder`.

    Raises StackError if none runs there, unless DATABASE_URL and BROKER_URL name external servers.
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
