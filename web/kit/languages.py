"""The language of a visitor: the user's own setting, else a cookie, else Turkish."""

from __future__ import annotations

from flask import Flask, request
from flask_babel import Babel

from web.kit import access

LANGUAGES = ("tr", "en")
COOKIE = "cozum_language"

babel = Babel()


def language() -> str:
    """The language of this response. API calls get English unless Accept-Language asks for Turkish."""
    if access.is_api():
        return request.accept_languages.best_match(("en", "tr"), default="en")
    user = access.person_or_none()
    if user is not None and user.language in LANGUAGES:
        return user.language
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in LANGUAGES else LANGUAGES[0]


def install(app: Flask) -> None:
    """Set up Flask-Babel with the visitor's language and Istanbul's time zone."""
    app.config.update(BABEL_DEFAULT_LOCALE="en", BABEL_DEFAULT_TIMEZONE="Europe/Istanbul")
    babel.init_app(app, locale_selector=language)
