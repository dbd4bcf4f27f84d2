"""The municipality's settings: typed values stored in the `city_setting` table."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from inbox.clock import ISTANBUL
from inbox.models import CitySetting

_ROW = "city"


class CityProfile(BaseModel):
    """The city's name, contact data, signatures, deadlines and quiet hours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = "Belediye"
    phone: str = ""
    signatures: dict[str, str] = {}  # by voice: municipality, mayor
    public_numbers: list[str] = []  # phone numbers that a public reply may contain
    service_days: int = Field(default=7, ge=1, le=60)  # working days within which a request is answered
    rating_delay_minutes: int = Field(default=60, ge=0)
    quiet_from: time = time(21, 0)  # no rating is asked for from this time …
    quiet_until: time = time(9, 0)  # … until this one, in Istanbul; equal: no quiet hours

    def after_quiet_hours(self, moment: datetime) -> datetime:
        """`moment`, or the end of the quiet hours if it falls into them (then in Istanbul's time zone)."""
        if self.quiet_from == self.quiet_until:
            return moment
        local = moment.astimezone(ZoneInfo(ISTANBUL))
        over_midnight = self.quiet_from > self.quiet_until
        late, early = local.time() >= self.quiet_from, local.time() < self.quiet_until
        if not ((late or early) if over_midnight else (late and early)):
            return moment
        morning = datetime.combine(local.date(), self.quiet_until, local.tzinfo)
        return morning if morning > local else morning + timedelta(days=1)


def current_profile(session: Session) -> CityProfile:
    """The stored settings; defaults where none are stored."""
    row = session.get(CitySetting, _ROW)
    return CityProfile.model_validate(row.value if row else {})


def save_profile(session: Session, profile: CityProfile) -> None:
    """Replace the stored settings."""
    session.merge(CitySetting(key=_ROW, value=profile.model_dump(mode="json")))
