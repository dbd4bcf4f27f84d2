"""Why a call to a platform failed, and why something it sent was set aside: closed lists with details.

Columns store them as text, `key` or `key: details`. Older rows hold free text that begins with no key; it is
shown as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inbox.wording import N_, Worded, decode, encode


class Failure(Worded):
    """Why a call failed. OTHER: only the platform's own words say why."""

    # The platform refused
    TOO_LONG = "too_long", N_("The text is longer than the platform takes.")
    WINDOW_CLOSED = "window_closed", N_("The time in which this chat may be answered is over.")
    UNDELIVERABLE = "undeliverable", N_("The message cannot be delivered to this person.")
    GONE = "gone", N_("What was to be answered is no longer there, or closed to us.")
    DUPLICATE = "duplicate", N_("The platform takes the same words only once a day; word it differently.")
    DUPLICATE_SOMEWHERE = (
        "duplicate_somewhere",
        N_("The platform holds the same words of ours already, but does not show where."),
    )
    ALREADY_REPLIED = "already_replied", N_("This comment was answered in private already.")
    NOT_SUMMONED = "not_summoned", N_("Its author does not let us answer in this conversation.")
    NO_RECIPIENT = "no_recipient", N_("No address of this person is known on the platform.")
    RECIPIENT_IS_SENDER = "recipient_is_sender", N_("It would go to ourselves.")
    RECIPIENT_NOT_ALLOWED = "recipient_not_allowed", N_("The line may not write to this number.")
    NOT_A_CHAT = "not_a_chat", N_("This platform is answered in a chat only.")
    HELD_BACK = "held_back_by_platform", N_("The platform held it back to spare the person.")
    TEMPLATE = "template", N_("The template does not fit what the platform has approved.")
    NOT_DELIVERED = "not_delivered", N_("The platform could not deliver it.")
    INVALID = "invalid", N_("The platform calls the request invalid.")
    INVALID_PARAMETER = "invalid_parameter", N_("The platform does not take a part of the request.")
    ENCODING = "encoding", N_("The text cannot be written as a request.")
    FOREIGN_ADDRESS = "foreign_address", N_("An answer named an address that is not the platform's.")
    FOREIGN_ID = "foreign_id", N_("An id has not the form of this platform's.")
    INVALID_ID = "invalid_id", N_("An id is empty.")
    # Access
    ACCESS = "access", N_("The platform refuses our access.")
    NO_CREDENTIALS = "no_credentials", N_("No access token is stored for this account.")
    TOKEN_INVALID = "token_invalid", N_("The token is not valid.")  # noqa: S105
    OTHER_ACCOUNT = "other_account", N_("The token belongs to another account.")
    PERMISSIONS = "permissions", N_("The token lacks permissions.")
    # Limits
    RATE_LIMIT = "rate_limit", N_("The platform asks us to wait: too many calls.")
    CREDITS = "credits", N_("The calls that were paid for are used up.")
    BUDGET = "budget", N_("The channel's own budget of calls is used up.")
    TOO_MANY = "too_many", N_("There is more on the platform than we read at once.")
    # Temporary
    PLATFORM_DOWN = "platform_down", N_("Something is wrong at the platform.")
    NO_CONNECTION = "no_connection", N_("No connection to the platform.")
    NO_ANSWER = "no_answer", N_("The platform did not answer.")
    UNREADABLE = "unreadable", N_("The platform's answer cannot be read.")
    NO_ID = "no_id", N_("The platform's answer names no id.")
    NO_TOKEN = "no_token", N_("The platform's answer holds no new token.")  # noqa: S105
    TOO_LATE = "too_late", N_("The time for the call was over before it was made.")
    RESTORED = "restored", N_("Restored from a backup: it may have gone out after that was made.")
    NO_REPORT = "no_report", N_("Whoever sent it did not report back.")
    # Decided by a person
    SETTLED_NOT_SENT = "settled_not_sent", N_("A person looked and found that it is not out.")
    OTHER = "other", N_("The platform did not take it.")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong, and the platform's own code and words for it ("" where it gave none)."""

    failure: Failure
    words: str = ""

    @property
    def reason(self) -> str:
        """The text for a column: `key` or `key: words`."""
        return encode(self.failure, self.words)

    @classmethod
    def parse(cls, reason: str) -> Trouble | None:
        """Parse the text of a column; None for the free text of older rows."""
        found = decode(Failure, reason)
        return cls(*found) if found else None


class SetAsideKind(StrEnum):
    """Why one part of a body was set aside."""

    UNSUPPORTED = "unsupported"
    FAILED = "failed"
    UNKNOWN_ACCOUNT = "unknown_account"


class Unusable(Worded):
    """What was wrong with a part that was set aside, where the fault is not named by the platform."""

    UNREADABLE = "unreadable", N_("The body is not what its platform sends.")
    NO_PLATFORM = "no_platform", N_("It came from a source that belongs to no platform.")
    MISTAKE = "mistake", N_("The program made a mistake with it.")
    WORKER_DIED = "worker_died", N_("Whoever read it died of it, again and again.")
