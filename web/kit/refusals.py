"""What the core says when it refuses, in the language of the screen.

The core speaks English sentences with the thing and its key in them; here each kind of refusal has a sentence
of the catalogue, and each reason a core function gives has one too.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l
from wtforms import Form

from inbox import errors
from inbox.people import passwords
from inbox.states import MessageState, ReplyState, RequestState
from web.kit import labels

_NOUNS: Mapping[str, LazyString] = {
    "message": _l("message"),
    "request": _l("request"),
    "reply": _l("reply"),
    "channel": _l("channel"),
    "unit": _l("unit"),
    "category": _l("category"),
    "neighbourhood": _l("neighbourhood"),
    "reason": _l("reason"),
    "user": _l("user"),
    "token": _l("API token"),
    "role": _l("role"),
    "list": _l("list"),
    "text": _l("ready text"),
    "placeholder": _l("placeholder"),
    "ending": _l("ending"),
}

_FIELDS: Mapping[str, str] = {"placeholder": "variants", "ending": "variants"}
"""Which field holds a thing that the core names by itself."""

_REASONS: Mapping[str, LazyString] = {
    "is not an e-mail address": _l("This is not an e-mail address."),
    "belongs to another user": _l("Another user has this address."),
    "is too easy to guess": _l("This is too easy to guess."),
    "must have 1 to 100 characters": _l("This must have 1 to 100 characters."),
    "is needed for a unit officer": _l("A unit officer needs a unit."),
    "is for unit officers alone": _l("Only a unit officer belongs to a unit."),
    "is needed: this is the only administrator": _l(
        "This is the only administrator; name another one first."
    ),
    f"must have at least {passwords.MIN_LENGTH} characters": _l(
        "This must have at least %(number)d characters.", number=passwords.MIN_LENGTH
    ),
    f"must have at most {passwords.MAX_LENGTH} characters": _l(
        "This must have at most %(number)d characters.", number=passwords.MAX_LENGTH
    ),
    "is not your password": _l("This is not your current password."),
    "takes small letters without marks, digits and hyphens": _l(
        "This takes small letters without marks, digits and hyphens."
    ),
    "has an ending, which only Turkish texts take": _l("Only Turkish texts take endings like {unit:a}."),
    "has braces that do not match": _l("The braces do not match."),
    "exists already": _l("There is one with this key already."),
    "must not be empty": _l("This must not be empty."),
    "is longer than the platform takes": _l("The text is longer than the platform takes; shorten it."),
    "stands on the platform already": _l(
        "The reply stands on the platform already; it does not go out again."
    ),
}

_STATES = {"message": MessageState, "request": RequestState, "reply": ReplyState}


def noun(what: str) -> str:
    """A thing of the core by its name in the language of the screen."""
    return str(_NOUNS.get(what, what))


def reason(error: errors.InvalidInput) -> str:
    """Why a value cannot be taken; a reason this screen has no words for stays as the core said it."""
    return str(_REASONS.get(error.why, error.why))


def explain(error: errors.CoreError) -> str:
    """Why the core refused; names the thing and what it is now."""
    match error:
        case errors.NotFound():
            return gettext("There is no %(what)s %(key)s.", what=noun(error.what), key=error.key)
        case errors.UnknownKey():
            return gettext(
                "There is no %(what)s “%(key)s”. There are: %(existing)s.",
                what=noun(error.what),
                key=error.key,
                existing=", ".join(error.existing) or "–",
            )
        case errors.InvalidInput():
            return reason(error)
        case errors.IllegalMove():
            return gettext(
                "The %(what)s %(key)s is in the state “%(state)s”; this step is not possible from there.",
                what=noun(error.what),
                key=error.key,
                state=_state(error.what, error.from_),
            )
        case errors.MovedMeanwhile():
            return gettext(
                "The %(what)s %(key)s was changed meanwhile; its state is “%(state)s” now.",
                what=noun(error.what),
                key=error.key,
                state=_state(error.what, error.now),
            )
        case errors.NotAllowed():
            return ""
        case _:
            return str(error)


def _state(what: str, value: str) -> str:
    states = _STATES.get(what)
    words = labels.ENUMS[states] if states else {}
    return str(words.get(value, value))


def show_in(form: Form, error: errors.InvalidInput | errors.UnknownKey) -> None:
    """Put the refusal under the field it names, or above the form when it names none of them."""
    named = error.field if isinstance(error, errors.InvalidInput) else error.what
    field = _FIELDS.get(named, named)
    sentence = explain(error)
    if field in form:
        form[field].errors = [*form[field].errors, sentence]
    else:
        form.form_errors.append(sentence)
