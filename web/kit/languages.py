"""The language of a visitor: the user's own setting, else a cookie, else Turkish."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask, request
from flask_babel import Babel

from web.kit import access

LANGUAGES: Mapping[str, str] = {"tr": "Türkçe", "en": "English"}
"""The languages of the screens by code, each by its own name."""
DEFAULT = "tr"
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
    return chosen if chosen in LANGUAGES else DEFAULT


def install(app: Flask) -> None:
    """Set up Flask-Babel with the visitor's language and Istanbul's time zone."""
    app.config.update(BABEL_DEFAULT_LOCALE="en", BABEL_DEFAULT_TIMEZONE="Europe/Istanbul")
    babel.init_app(app, locale_selector=language)
