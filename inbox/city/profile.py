"""The municipality's own settings, as typed values over the `city_setting` table."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from inbox.clock import ISTANBUL
from inbox.models import CitySetting

_ROW = "city"


class CityProfile(BaseModel):
    """What the city says of itself, and how it wants to be heard."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = "Belediye"
    phone: str = ""
    signatures: dict[str, str] = {}  # by voice: municipality, mayor
    public_numbers: list[str] = []  # telephone numbers that may stand in a public text
    service_days: int = Field(default=7, ge=1, le=60)  # working days within which a request is answered
    rating_delay_minutes: int = Field(default=60, ge=0)
    quiet_from: time = time(21, 0)  # nobody is asked for a rating from here …
    quiet_until: time = time(9, 0)  # … until here; equal: asked at any hour

    def after_quiet_hours(self, moment: datetime) -> datetime:
        """`moment`, or the end of the quiet hours it falls into, in Istanbul's time."""
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
    """The city's settings as they are now."""
    row = session.get(CitySetting, _ROW)
    return CityProfile.model_validate(row.value if row else {})


def save_profile(session: Session, profile: CityProfile) -> None:
    """Replace the city's settings."""
    session.merge(CitySetting(key=_ROW, value=profile.model_dump(mode="json")))
