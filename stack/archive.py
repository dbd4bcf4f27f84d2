"""The backup file: an uncompressed zip with a manifest that describes every other part.

manifest.json    time, schema revision, rows of each table, SHA-256 of each other part
database.dump    the database in pg_dump's custom format (compressed)
secrets.json …   files of the data folder that a restore needs, such as the encryption keys
"""

from __future__ import annotations

import hashlib
import os
import secrets
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Literal

from pydantic import AwareDatetime, BaseModel, ValidationError

from stack.errors import StackError

DATABASE = "database.dump"
MANIFEST = "manifest.json"
_CHUNK = 1 << 20


class Part(BaseModel):
    """Size and checksum of one part."""

    size: int
    sha256: str


class Manifest(BaseModel):
    """The contents of manifest.json."""

    format: Literal[1] = 1
    version: str  # of Çözüm
    made_at: AwareDatetime  # no row in the backup is newer
    schema_revision: str
    server: int  # major version of PostgreSQL
    rows: Mapping[str, int]  # by table
    parts: dict[str, Part] = {}


class Writing:
    """Writes a backup: `add` each part, then `finish` with the manifest, then `close`."""

    def __init__(self, into: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(into, "w", zipfile.ZIP_STORED)
        self.parts: dict[str, Part] = {}

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write one part. Exceptions raised by `chunks` are passed on."""
        digest, size = hashlib.sha256(), 0
        with self._zip.open(zipfile.ZipInfo(name), "w", force_zip64=True) as stream:
            for chunk in chunks:
                stream.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        self.parts[name] = Part(size=size, sha256=digest.hexdigest())

    def close(self) -> None:
        """Write the zip's directory of files."""
        self._zip.close()

    def finish(self, manifest: Manifest) -> Manifest:
        """Write the manifest with the list of parts added, and return it."""
        whole = manifest.model_copy(update={"parts": self.parts})
        self._zip.writestr(MANIFEST, whole.model_dump_json(indent=2))
        return whole


@contextmanager
def unfinished(file: Path) -> Iterator[IO[bytes]]:
    """A temporary file that is renamed to `file` when the block succeeds, and removed when it fails.

    Only its owner can read it. Raises StackError if `file` exists: a backup is never overwritten.
    """
    if file.exists():
        raise StackError(f"{file} exists already. Choose another name: backups are never overwritten.")
    if not file.absolute().parent.is_dir():
        raise StackError(f"There is no folder {file.absolute().parent}.")
    fresh = file.with_name(f".{file.name}.{secrets.token_hex(4)}.unfinished")
    try:
        with os.fdopen(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        fresh.rename(file)
    except OSError as error:
        raise StackError(f"{file} could not be written: {error.strerror or error}.") from None
    finally:
        fresh.unlink(missing_ok=True)
    folder = os.open(file.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class Archive:
    """Reads a backup. Every method raises StackError when the file does not match its manifest."""

    def __init__(self, file: IO[bytes] | Path) -> None:
        self._name = str(file) if isinstance(file, Path) else "The backup just written"
        try:
            self._zip = zipfile.ZipFile(file)
            self.manifest = Manifest.model_validate_json(self._zip.read(MANIFEST))
        except (zipfile.BadZipFile, KeyError, zlib.error, EOFError, NotImplementedError):
            raise self._broken("it is cut off, or is another kind of file") from None
        except ValidationError:
            raise self._broken("its manifest cannot be read; a newer version may have made it") from None
        except OSError as error:
            raise StackError(f"{self._name} cannot be read: {error.strerror or error}.") from None
        missing = {DATABASE, *self.manifest.parts} - set(self._zip.namelist())
        if missing or DATABASE not in self.manifest.parts:
            raise self._broken(f"{', '.join(sorted(missing)) or DATABASE} is missing")

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def part(self, name: str) -> bytes:
        """The bytes of a small part."""
        return b"".join(self.chunks(name))

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a part in chunks. The checksum is compared after the last one: use nothing earlier."""
        digest = hashlib.sha256()
        try:
            with self._zip.open(name) as stream:
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
            raise self._broken(f"{name} was damaged") from None
        if digest.hexdigest() != self.manifest.parts[name].sha256:
            raise self._broken(f"{name} was damaged")

    def check(self) -> None:
        """Read every part and compare its checksum."""
        for name in self.manifest.parts:
            for _ in self.chunks(name):
                pass

    @contextmanager
    def opened(self, name: str) -> Iterator[IO[bytes]]:
        """A part as a seekable file."""
        with self._zip.open(name) as stream:
            yield stream

    def _broken(self, why: str) -> StackError:
        return StackError(f"{self._name} is not a complete backup: {why}. Nothing was changed.")
