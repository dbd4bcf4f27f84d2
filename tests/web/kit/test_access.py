"""Every view says what it needs, and lets in nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule

from inbox import clock, db, people
from inbox.models import User
from inbox.states import Role
from tests.support.people import PASSWORD
from tests.web.conftest import Browser, signed_in
from web.kit import access

ON_THE_OPEN_STREET = {
    "sign_in.home",
    "sign_in.login",
    "sign_in.sign_in",
    "sign_in.logout",
    "sign_in.set_language",
    "sign_in.reset",
    "sign_in.first_administrator",
    "hooks.challenge",
    "hooks.receive_body",
    "public.healthz",
    "public.metrics",
    "api.openapi",
    "static",
}


def path(app: Flask, rule: Rule) -> str:
    """An address the rule matches; what it names need not exist."""
    with app.test_request_context():
        values: dict[str, Any] = {}
        for name in rule.arguments:
            converter = rule._converters[name]
            kind = type(converter).__name__
            values[name] = "units" if kind == "AnyConverter" else 999 if kind == "IntegerConverter" else "k"
        return str(app.url_for(rule.endpoint, **values))


def test_every_view_declares_an_action_of_the_table_or_stands_on_the_open_street(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        action = access.needed_action(app.view_functions[rule.endpoint])
        if rule.endpoint in ON_THE_OPEN_STREET:
            assert action in (access.PUBLIC, None), rule.endpoint
        else:
            assert action in people.ACTIONS, f"{rule.endpoint} declares {action!r}"


def test_a_view_that_declares_nothing_is_refused_to_everybody(fresh_app: Flask, town: None) -> None:
    fresh_app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    answer = signed_in(fresh_app, Role.ADMINISTRATOR).get("/forgotten")
    assert answer.status_code == 500
    assert "secret" not in answer.text


def test_an_unknown_action_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match=r"message\.burn"):
        access.needs("message.burn")


def test_who_has_not_signed_in_sees_no_screen(app: Flask, browser: Browser) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint in ON_THE_OPEN_STREET or rule.rule.startswith("/api/"):
            continue
        assert rule.methods is not None
        if "GET" in rule.methods:
            answer = browser.get(path(app, rule))
            assert answer.status_code == 302, rule
            assert answer.headers["Location"].startswith("/login"), rule
        else:
            assert browser.post(path(app, rule)).status_code == 302, rule


@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_refused_every_view_whose_action_it_may_not_do(app: Flask, town: None, role: Role) -> None:
    opened = signed_in(app, role)
    with db.transaction() as session:
        user = people.by_email(session, f"{role.value}@city.test")
    assert user is not None
    refused = 0
    for rule in app.url_map.iter_rules():
        action = access.needed_action(app.view_functions[rule.endpoint])
        if action in (None, access.PUBLIC) or rule.rule.startswith("/api/") or people.may(user, action):
            continue
        assert rule.methods is not None
        address = path(app, rule)
        answer = opened.get(address) if "GET" in rule.methods else opened.post(address)
        assert answer.status_code == 403, rule
        refused += 1
    assert (refused == 0) == (role is Role.ADMINISTRATOR)


def test_a_form_without_its_token_changes_nothing(app: Flask, administrator: Browser) -> None:
    for rule in app.url_map.iter_rules():
        assert rule.methods is not None
        if "POST" not in rule.methods or rule.rule.startswith(("/api/", "/hooks/")):
            continue
        assert administrator.client.post(path(app, rule)).status_code == 400, rule


def test_the_token_of_another_session_is_no_token(app: Flask, administrator: Browser) -> None:
    strangers = Browser(app.test_client()).token()
    answer = administrator.client.post("/language", data={"csrf_token": strangers, "language": "en"})
    assert answer.status_code == 400


def test_htmx_sends_the_token_in_a_header(administrator: Browser) -> None:
    answer = administrator.client.post(
        "/language", data={"language": "en"}, headers={"X-CSRFToken": administrator.token()}
    )
    assert answer.status_code == 303


def test_a_fragment_asked_for_after_the_session_ended_sends_the_browser_to_the_login(
    browser: Browser,
) -> None:
    answer = browser.get("/settings/units", **{"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login"


def test_the_login_leads_back_to_where_one_wanted_to_go(browser: Browser, town: None) -> None:
    answer = browser.get("/settings/units?x=1")
    assert answer.headers["Location"] == "/login?next=/settings/units?x%3D1"
    browser.page = "/login"
    sent = browser.post(answer.headers["Location"], email="administrator@city.test", password=PASSWORD)
    assert sent.headers["Location"] == "/settings/units?x=1"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.test",
        "https://evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "javascript:alert(1)",
        "/\t/evil.test",
    ],
)
def test_the_login_leads_nowhere_else(browser: Browser, town: None, elsewhere: str) -> None:
    with browser.client.application.test_request_context():
        address = browser.client.application.url_for("sign_in.login", next=elsewhere)
    sent = browser.post(address, email="moderator@city.test", password=PASSWORD)
    assert sent.headers["Location"] == "/"


# --- how a session ends -----------------------------------------------------------------------------


def is_in(opened: Browser) -> bool:
    return opened.get("/account").status_code == 200


def test_a_session_ends_after_four_idle_hours(moderator: Browser) -> None:
    clock.shift_by(timedelta(hours=3, minutes=59).total_seconds())
    assert is_in(moderator)
    clock.shift_by(timedelta(hours=8).total_seconds())
    assert not is_in(moderator)


def test_a_session_ends_after_a_shift_however_busy(moderator: Browser) -> None:
    for hours in range(1, 14):
        clock.shift_by(timedelta(hours=hours).total_seconds())
        assert is_in(moderator)
    clock.shift_by(timedelta(hours=14, minutes=1).total_seconds())
    assert not is_in(moderator)


def test_a_reset_ends_every_session_of_the_user(app: Flask, moderator: Browser) -> None:
    other = signed_in(app, Role.MODERATOR)
    with db.transaction() as session:
        user = session.scalars(select(User).where(User.email == "moderator@city.test")).one()
        people.set_password(session, user, "another good password", by="test")
    assert not is_in(moderator)
    assert not is_in(other)


def test_a_deactivated_user_is_out_at_once(moderator: Browser) -> None:
    with db.transaction() as session:
        user = session.scalars(select(User).where(User.email == "moderator@city.test")).one()
        user.is_active = False
    assert not is_in(moderator)


def test_logging_out_ends_the_session_and_its_pages_are_not_kept(moderator: Browser) -> None:
    assert moderator.get("/account").headers["Cache-Control"] == "no-store"
    assert moderator.post("/logout").status_code == 303
    assert not is_in(moderator)


def test_a_cookie_made_up_opens_nothing(app: Flask, town: None) -> None:
    client: FlaskClient = app.test_client()
    with client.session_transaction() as made_up:
        made_up["_user_id"] = "1.guessed"
        made_up["since"] = made_up["seen"] = clock.now().isoformat()
    assert client.get("/account").status_code == 302


def test_a_session_of_the_screens_is_no_key_to_the_api(administrator: Browser) -> None:
    assert administrator.get("/api/v1/units").status_code == 401


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(browser: Browser, town: None) -> None:
    cookie = browser.sign_in("moderator@city.test").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
