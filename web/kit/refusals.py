"""The core's refusals as sentences in the language of the screen.

The English sentences are in `inbox.refusals` and the catalogue translates them. Values in them are translated
too where they are keys of ours, such as states.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from flask_babel import gettext
from wtforms import Form

from inbox import errors
from inbox.refusals import Step, Thing
from inbox.states import MessageState, ReplyState, RequestState
from inbox.wording import Piece, Value
from web.kit import formats, labels, trail

_STATES = {Thing.MESSAGE: MessageState, Thing.REQUEST: RequestState, Thing.REPLY: ReplyState}

_WORDS_OF_FIELD: Mapping[str, labels.Words] = {
    "priority": labels.PRIORITIES,
    "view": {**labels.UNIT_VIEWS, **labels.VIEWS},
}
"""Field → the words for its values, for fields whose values are our keys but no enum."""


def reason(error: errors.InvalidInput) -> str:
    """Why a value is not valid."""
    words = _WORDS_OF_FIELD.get(error.field, {})
    return gettext(
        error.why.sentence, **{name: _in_words(value, words) for name, value in error.values.items()}
    )


def _in_words(value: Value, words: labels.Words) -> str:
    match value:
        case tuple():
            return ", ".join(_in_words(part, words) for part in value)
        case Piece(kind, text):
            return f"{labels.label(kind)} ({text})"
        case StrEnum():
            return str(labels.label(value))
        case _:
            return str(labels.word(words, str(value)))


def explain(error: errors.CoreError) -> str:
    """Why the core refused, with the present state and its last change where that helps."""
    match error:
        case errors.NotFound():
            return gettext("There is no %(what)s %(key)s.", what=labels.label(error.what), key=error.key)
        case errors.UnknownKey():
            return gettext(
                "There is no %(what)s “%(key)s”. There are: %(existing)s.",
                what=labels.label(error.what),
                key=error.key,
                existing=", ".join(error.existing) or "–",
            )
        case errors.InvalidInput():
            return reason(error)
        case errors.IllegalMove():
            return _illegal_move(error)
        case errors.MovedMeanwhile():
            changed = gettext(
                "The %(what)s %(key)s was changed meanwhile; its state is “%(state)s” now.",
                what=labels.label(error.what),
                key=error.key,
                state=_state(error.what, error.now),
            )
            return f"{changed} {_by_whom(error.last)}".rstrip()
        case errors.NotAllowed():
            return str(labels.NOT_ALLOWED[error.action])
        case errors.KeyReused():
            return gettext("This key was used before for another request: %(key)s.", key=error.key)
        case errors.CursorExpired():
            return gettext("What you were looking at has moved to another server meanwhile.")
        case _:
            return str(error)


def _illegal_move(error: errors.IllegalMove) -> str:
    named = {
        "what": labels.label(error.what),
        "key": error.key,
        "state": _state(error.what, error.from_),
    }
    if isinstance(error.to, Step):
        refused = gettext("The %(what)s %(key)s is in the state “%(state)s”.", **named)
        refused = f"{refused} {labels.label(error.to)}"
    else:
        refused = gettext(
            "The %(what)s %(key)s is in the state “%(state)s”; this step is not possible from there.", **named
        )
    return f"{refused} {_by_whom(error.last)}".rstrip()


def _by_whom(last: errors.LastChange | None) -> str:
    """A sentence with who made the last change, when and which; "" where that is not known."""
    if last is None:
        return ""
    return gettext(
        "Last changed by %(who)s (%(time)s): %(event)s.",
        who=last.name or gettext("the system"),
        time=formats.istanbul_short(last.at),
        event=trail.words(last.kind, last.to_state),
    )


def _state(what: Thing, value: str) -> str:
    states = _STATES.get(what)
    words = labels.ENUMS[states] if states else {}
    return str(labels.word(words, value))


def show_in(form: Form, error: errors.InvalidInput | errors.UnknownKey) -> None:
    """Put the refusal under the field it names, or above the form if the form lacks that field."""
    field = error.field if isinstance(error, errors.InvalidInput) else error.what
    sentence = explain(error)
    if field in form:
        form[field].errors = [*form[field].errors, sentence]
    else:
        form.form_errors.append(sentence)
