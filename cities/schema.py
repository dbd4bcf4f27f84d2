"""The format of a municipality's data files in `cities/<name>/`, which `load` reads and checks.

Errors name the file, the entry and the value. Nothing here knows the database; stack.city stores a City.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from connectors import CONNECTORS
from inbox.city import CityProfile
from inbox.language.personal_data import personal_data
from inbox.language.placeholders import BadTemplate, check_template
from inbox.language.tone import Tone, check_tone
from inbox.language.turkish import fold, sort_key
from inbox.states import Outcome, Role
from inbox.understanding.vocabulary import Vocabulary
from inbox.values import ReplyKind

Key = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Voice = Literal["municipality", "mayor"]


def _connected(platform: str) -> str:
    if platform not in CONNECTORS:
        raise ValueError(f"there is no platform {platform!r}; there are: {', '.join(CONNECTORS)}")
    return platform


Platform = Annotated[str, AfterValidator(_connected)]


class CityError(ValueError):
    """A city's data are invalid. The text names the file, the entry, the value and the fault."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NamedEntry(_Entry):
    """An entry with a key and names in Turkish, English and Arabic."""

    key: Key
    name_tr: Name
    name_en: Name
    name_ar: Name


class AccountEntry(_Entry):
    """An account or line of ours. `account`: the account that a line belongs to."""

    key: Key
    platform: Platform
    name_tr: Name
    name_en: Name
    handle: Name
    external_id: Annotated[str, Field(pattern=r"^\d+$")]
    account: Annotated[str, Field(pattern=r"^\d+$")] | None = None
    voice: Voice


class UnitEntry(NamedEntry):
    """A directorate of the municipality or an outside authority.

    `confirmed`: known to exist in this city, not only usual in others.
    """

    kind: Literal["own", "outside"]
    hotline: str | None = None
    confirmed: bool = True
    topics: tuple[str, ...] = ()

    @property
    def is_outside(self) -> bool:
        return self.kind == "outside"


class CategoryEntry(NamedEntry):
    """The subject of a request. `stems`: folded beginnings of words that suggest it."""

    unit: Key
    stems: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _stems_are_folded(self) -> CategoryEntry:
        for stem in self.stems:
            if stem != fold(stem):
                raise ValueError(f"stem {stem!r} is not folded; write {fold(stem)!r}")
        return self


class NeighbourhoodEntry(NamedEntry):
    """A mahalle. `point`: latitude and longitude of a point inside it."""

    postcode: Annotated[str, Field(pattern=r"^\d{5}$")]
    population: Annotated[int, Field(ge=0)]
    point: tuple[Annotated[float, Field(ge=35, le=43)], Annotated[float, Field(ge=25, le=46)]]
    aliases: tuple[str, ...] = ()
    ambiguous: bool = False


class ReasonEntry(NamedEntry):
    """A reason from the closed list of one use. `unit`: the outside authority that it names."""

    unit: Key | None = None


class ReasonEntries(_Entry):
    """The closed lists of reasons, by use."""

    dismiss: tuple[ReasonEntry, ...]
    return_: Annotated[tuple[ReasonEntry, ...], Field(alias="return")]
    negative: tuple[ReasonEntry, ...]
    outside: tuple[ReasonEntry, ...]
    reopen: tuple[ReasonEntry, ...]

    def by_use(self) -> dict[str, tuple[ReasonEntry, ...]]:
        """The lists, keyed by the values of `Reason.use`."""
        return {
            "dismiss": self.dismiss,
            "return": self.return_,
            "negative": self.negative,
            "outside": self.outside,
            "reopen": self.reopen,
        }


class TextEntry(_Entry):
    """A ready-made reply text and where it may be used. Acknowledgements need three variants."""

    key: Key
    kind: ReplyKind
    outcome: Outcome | None = None
    scope: Literal["public", "private", "any"]
    voice: Literal["municipality", "mayor", "any"]
    language: Literal["tr", "en", "ar", "ku"]
    variants: Annotated[tuple[str, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _can_be_said(self) -> TextEntry:
        if self.kind is ReplyKind.ACKNOWLEDGEMENT and len(self.variants) < 3:
            raise ValueError("an acknowledgement needs at least 3 variants")
        for variant in self.variants:
            try:
                check_template(variant, language=self.language)
            except BadTemplate as error:
                raise ValueError(f"{error.sentence} In: {variant!r}") from error
            wrong = [
                finding.what
                for finding in check_tone(variant, outcome=self.outcome, is_public=False)
                if finding.what is not Tone.UNFILLED_GAP
            ]
            if wrong or personal_data(variant):
                raise ValueError(f"the tone is wrong ({', '.join(wrong) or 'personal data'}) in: {variant!r}")
        return self


class PersonEntry(_Entry):
    """An invented user for the demo."""

    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.example$")]
    name: Name
    role: Role
    unit: Key | None = None

    @model_validator(mode="after")
    def _officer_has_a_unit(self) -> PersonEntry:
        if (self.role is Role.UNIT_OFFICER) != (self.unit is not None):
            raise ValueError("a unit officer needs a unit, and no other role may have one")
        return self


class ProfileEntry(CityProfile):
    """`city.yaml`: the core's CityProfile with fields that only the loading needs."""

    name_en: Name
    name_ar: Name
    time_zone: str = "Europe/Istanbul"

    @model_validator(mode="after")
    def _is_a_place(self) -> ProfileEntry:
        if self.time_zone not in available_timezones():
            raise ValueError(f"time_zone: there is no time zone {self.time_zone!r}")
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def core(self) -> CityProfile:
        """The part that the core stores."""
        return CityProfile.model_validate(self.model_dump(include=set(CityProfile.model_fields)))


class City(_Entry):
    """A whole municipality. All references between its files have been checked."""

    profile: ProfileEntry
    accounts: tuple[AccountEntry, ...]
    units: tuple[UnitEntry, ...]
    categories: tuple[CategoryEntry, ...]
    neighbourhoods: tuple[NeighbourhoodEntry, ...]
    reasons: ReasonEntries
    texts: tuple[TextEntry, ...]
    vocabulary: Vocabulary
    people: tuple[PersonEntry, ...] = ()


# --- reading ---------------------------------------------------------------------------------------


_FILES: dict[str, tuple[str, Any]] = {
    "profile": ("city.yaml", ProfileEntry),
    "accounts": ("accounts.yaml", tuple[AccountEntry, ...]),
    "units": ("units.yaml", tuple[UnitEntry, ...]),
    "categories": ("categories.yaml", tuple[CategoryEntry, ...]),
    "neighbourhoods": ("neighbourhoods.yaml", tuple[NeighbourhoodEntry, ...]),
    "reasons": ("reasons.yaml", ReasonEntries),
    "texts": ("texts.yaml", tuple[TextEntry, ...]),
    "vocabulary": ("vocabulary.yaml", Vocabulary),
    "people": ("people.yaml", tuple[PersonEntry, ...]),
}


def _entry(raw: Any, place: tuple[int | str, ...]) -> str:
    """The path of a value in a file, with the keys of entries instead of their positions."""
    words: list[str] = []
    for step in place:
        if isinstance(raw, dict):
            raw = raw.get(step)
        elif isinstance(raw, list) and isinstance(step, int) and step < len(raw):
            raw = raw[step]
        else:
            raw = None
        named = (raw.get("key") or raw.get("email")) if isinstance(raw, dict) else None
        words.append(str(named if named and isinstance(step, int) else step))
    return ".".join(words)


def _read(file: Path, shape: Any) -> Any:
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CityError(f"{file.name}: there is no such file in {file.parent}") from error
    except yaml.YAMLError as error:
        raise CityError(f"{file.name}: cannot be read as YAML: {error}") from error
    try:
        return TypeAdapter(shape).validate_python(raw)
    except ValidationError as error:
        faults = [
            f"{_entry(raw, fault['loc']) or 'the file'}: {fault['msg']} (got {str(fault['input'])[:80]!r})"
            for fault in error.errors()
        ]
        raise CityError(f"{file.name}: " + "; ".join(faults)) from error


def _once(file: str, what: str, keys: Iterable[object]) -> None:
    seen: set[object] = set()
    for key in keys:
        if key in seen:
            raise CityError(f"{file}: {what} {key} appears twice")
        seen.add(key)


def _known(file: str, entry: str, field: str, key: str | None, units: dict[str, UnitEntry]) -> None:
    if key is not None and key not in units:
        raise CityError(
            f"{file}: {entry}.{field}: there is no unit {key!r}; the units are: {', '.join(sorted(units))}"
        )


def _check(city: City) -> None:
    """Raise CityError unless keys are unique and every reference exists."""
    units = {unit.key: unit for unit in city.units}
    for file, rows in (
        ("accounts.yaml", city.accounts),
        ("units.yaml", city.units),
        ("categories.yaml", city.categories),
        ("neighbourhoods.yaml", city.neighbourhoods),
    ):
        _once(file, "key", (row.key for row in rows))
    _once("accounts.yaml", "account", ((row.platform, row.external_id) for row in city.accounts))
    _once("texts.yaml", "text", ((row.key, row.language, row.scope, row.voice) for row in city.texts))
    _once("people.yaml", "email", (row.email for row in city.people))
    for category in city.categories:
        _known("categories.yaml", category.key, "unit", category.unit, units)
    for use, reasons in city.reasons.by_use().items():
        _once("reasons.yaml", f"{use} key", (reason.key for reason in reasons))
        for reason in reasons:
            _known("reasons.yaml", f"{use}.{reason.key}", "unit", reason.unit, units)
    for person in city.people:
        _known("people.yaml", person.email, "unit", person.unit, units)
        if person.unit and units[person.unit].is_outside:
            raise CityError(f"people.yaml: {person.email}.unit: {person.unit} is outside the municipality")
    for voice in {account.voice for account in city.accounts}:
        if voice not in city.profile.signatures:
            raise CityError(f"city.yaml: signatures: {voice} has no signature")


def load(folder: Path) -> City:
    """Read the municipality in `folder`. Lists are sorted by the Turkish alphabet. Raises CityError."""
    read = {part: _read(folder / file, shape) for part, (file, shape) in _FILES.items()}
    for part in ("units", "neighbourhoods"):
        read[part] = tuple(sorted(read[part], key=lambda row: sort_key(row.name_tr)))
    city = City.model_construct(**read)
    _check(city)
    return city
