"""The reasons, actions and objects that errors of the core name, each with its English sentence.

A new reason is one line here and its Turkish translation in the catalogue; `tests/web/test_every_refusal.py`
fails until a test has seen it on a screen.
"""

from __future__ import annotations

from inbox.wording import N_, Worded


class Why(Worded):
    """Why a value is not accepted."""

    # Anything typed
    EMPTY = "empty", N_("This must not be empty.")
    NONE_OF = "none_of", N_("This must be one of: %(existing)s.")
    TAKEN_KEY = "taken_key", N_("There is one with this key already.")
    KEY_CHARACTERS = "key_characters", N_("This takes small letters without marks, digits and hyphens.")
    NAME_LENGTH = "name_length", N_("This must have %(least)s to %(most)s characters.")
    LIMIT_RANGE = "limit_range", N_("This is a number from %(least)s to %(most)s.")
    NOT_A_PLACE = "not_a_place", N_("This is not a place in this list.")
    NOT_A_CURSOR = "not_a_cursor", N_("This is not a cursor of this feed.")
    # People
    NOT_AN_EMAIL = "not_an_email", N_("This is not an e-mail address.")
    TAKEN_EMAIL = "taken_email", N_("This address belongs to another user.")
    SIGNS_IN_NO_MORE = "signs_in_no_more", N_("This user may not sign in any more.")
    ONLY_ADMINISTRATOR = (
        "only_administrator",
        N_("This is the only administrator; name another one first."),
    )
    UNIT_NEEDED = "unit_needed", N_("A unit officer needs a unit.")
    UNIT_FOR_OFFICERS = "unit_for_officers", N_("Only a unit officer belongs to a unit.")
    PASSWORD_SHORT = "password_short", N_("A password must have at least %(least)s characters.")  # noqa: S105
    PASSWORD_LONG = "password_long", N_("A password must have at most %(most)s characters.")  # noqa: S105
    PASSWORD_EASY = "password_easy", N_("This password is too easy to guess.")  # noqa: S105
    PASSWORD_WRONG = "password_wrong", N_("This is not your current password.")  # noqa: S105
    # Channels
    KEYS_OPEN_NOTHING = (
        "keys_open_nothing",
        N_("None of the keys opens the credentials of the channel %(channel)s."),
    )
    BUDGET_EMPTY = "budget_empty", N_("A budget is at least one call in more than no time.")
    NOT_COMPARABLE = "not_comparable", N_("This platform shows nothing that could be compared.")
    # Replies
    STANDS_ALREADY = (
        "stands_already",
        N_("The reply stands on the platform already; it does not go out again."),
    )
    NOBODY_TO_ANSWER = "nobody_to_answer", N_("This is a post; there is nobody to answer.")
    TOO_LONG = "too_long", N_("The text is longer than the platform takes; shorten it.")
    PERSONAL_DATA = "personal_data", N_("A public reply must not hold personal data: %(found)s.")
    NOT_RATEABLE = "not_rateable", N_("Only an answer that was sent can be rated.")
    RATED_ALREADY = "rated_already", N_("This answer has its rating already.")
    STARS = "stars", N_("A rating has one to five stars.")
    # Answers of units
    DAY_NEEDED = "day_needed", N_("A planned answer names the day, from today on.")
    DAY_FOR_PLANNED = "day_for_planned", N_("Only a planned answer names a day.")
    NOT_A_DAY = "not_a_day", N_("This is not a day.")
    # Ready texts
    NO_TEXT = "no_text", N_("The library has no active text for this: %(wanted)s.")
    BRACES = "braces", N_("The braces do not match.")
    CONVERSION = "conversion", N_("“!%(conversion)s” after {%(placeholder)s} has no meaning here.")
    PLACEHOLDER_UNKNOWN = (
        "placeholder_unknown",
        N_("There is no placeholder {%(placeholder)s}. There are: %(existing)s."),
    )
    PLACEHOLDER_EMPTY = "placeholder_empty", N_("{%(placeholder)s} has no value here.")
    ENDING_UNKNOWN = "ending_unknown", N_("There is no ending “%(ending)s”. There are: %(existing)s.")
    ENDING_TURKISH = (
        "ending_turkish",
        N_("Only Turkish texts take endings like {unit:a}; this one has {%(placeholder)s:%(ending)s}."),
    )


class Step(Worded):
    """An action that the state of a row does not allow and that is no move to another state."""

    EDIT = "edited", N_("Only a draft can be edited.")
    SETTLE = "settled", N_("Only a reply that may be public, or waits to be sent, can be settled.")
    SETTLE_AS_NOT_SENT = "settled as not sent", N_("Only a reply that may be public can be called not sent.")
    APPROVE = "approved", N_("None of its replies waits for approval.")
    JOIN = "joined", N_("Open it again before a message joins it.")
    REROUTE = "rerouted", N_("Only a request that is with a unit or was returned can go to another one.")
    PLAN = "planned", N_("Only a request that is with its unit can be planned.")
    REOPEN_BY_REQUEST = "reopened", N_("It became a request: go on there.")


class Thing(Worded):
    """The object that an error is about."""

    MESSAGE = "message", N_("message")
    CONVERSATION = "conversation", N_("conversation")
    REQUEST = "request", N_("request")
    REPLY = "reply", N_("reply")
    CHANNEL = "channel", N_("channel")
    DOOR = "channel this message came through", N_("channel this message came through")
    DIFFERENCE = "difference", N_("difference")
    UNIT = "unit", N_("unit")
    CATEGORY = "category", N_("category")
    NEIGHBOURHOOD = "neighbourhood", N_("neighbourhood")
    REASON = "reason", N_("reason")
    REASON_TO_DISMISS = "reason to dismiss", N_("reason to dismiss")
    REASON_TO_RETURN = "reason to return", N_("reason to return")
    REASON_FOR_NEGATIVE = "reason to negative", N_("reason for a negative answer")
    REASON_FOR_OUTSIDE = "reason to outside", N_("reason for “outside our competence”")
    REASON_TO_REOPEN = "reason to reopen", N_("reason to open again")
    USER = "user", N_("user")
    ROLE = "role", N_("role")
    LANGUAGE = "language", N_("language")
    VOICE = "voice", N_("voice")
    TOKEN = "token", N_("API token")  # noqa: S105
    LIST = "list", N_("list")
    TEXT = "text", N_("ready text")
