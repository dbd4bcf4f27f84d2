"""Signing in, and what stands around it."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import redis
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from inbox import db, people
from inbox.models import User
from inbox.settings import settings
from inbox.states import Role
from stack.embedded import embedded_valkey
from tests.support.people import PASSWORD
from tests.web.conftest import Browser, signed_in
from web import create_app
from web.kit import security

NEW = "another good password"


def test_the_right_password_leads_to_where_one_works(browser: Browser, town: None) -> None:
    answer = browser.sign_in("moderator@city.test")
    assert answer.status_code == 303
    assert browser.get("/").headers["Location"] == "/inbox"


def test_a_wrong_password_and_an_unknown_address_get_the_same_words(browser: Browser, town: None) -> None:
    wrong = browser.sign_in("moderator@city.test", "wrong horse battery")
    unknown = browser.sign_in("nobody@city.test", "wrong horse battery")

    def words(answer: TestResponse) -> str:
        return re.sub(r'(content|value)="[^"]*"|hx-headers=\S+ \S+', "", answer.text)

    assert wrong.status_code == unknown.status_code == 401
    assert words(wrong) == words(unknown)


def test_what_was_typed_stays_but_for_the_password(browser: Browser, town: None) -> None:
    answer = browser.sign_in("moderator@city.test", "wrong horse battery")
    assert 'value="moderator@city.test"' in answer.text
    assert "wrong horse" not in answer.text


def test_ten_failures_close_one_account_for_a_while_and_no_other(browser: Browser, town: None) -> None:
    for _ in range(10):
        assert browser.sign_in("moderator@city.test", "wrong horse battery").status_code == 401
    assert browser.sign_in("Moderator@City.test", PASSWORD).status_code == 429
    assert browser.sign_in("supervisor@city.test").status_code == 303


def test_successes_close_nothing(app: Flask, town: None) -> None:
    for _ in range(15):
        assert Browser(app.test_client()).sign_in("moderator@city.test").status_code == 303


def test_sixty_failures_from_one_address_close_it_for_all_accounts(browser: Browser, town: None) -> None:
    for attempt in range(60):
        assert browser.post("/login", email=f"n{attempt}@city.test", password="").status_code == 422
    assert browser.sign_in("moderator@city.test").status_code == 429


@pytest.fixture
def with_broker(
    database: None, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """A broker that this test may freeze, named in the settings."""
    with embedded_valkey(tmp_path_factory.mktemp("broker"), throwaway=True) as url:
        monkeypatch.setenv("BROKER_URL", url)
        settings.cache_clear()
        yield url
    settings.cache_clear()


def test_two_machines_count_failures_together_through_the_broker(
    with_broker: str, town: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for patience in security.REDIS_PATIENCE:  # a busy test machine is no broken broker
        monkeypatch.setitem(security.REDIS_PATIENCE, patience, 10)
    one, other = Browser(create_app().test_client()), Browser(create_app().test_client())
    for _ in range(5):
        assert one.sign_in("moderator@city.test", "wrong horse battery").status_code == 401
        assert other.sign_in("moderator@city.test", "wrong horse battery").status_code == 401
    assert one.sign_in("moderator@city.test").status_code == 429


def test_a_login_neither_waits_nor_fails_for_a_broker_that_is_gone(browser: Browser, town: None) -> None:
    # The test run's broker address has nobody behind it.
    started = time.monotonic()
    assert browser.sign_in("moderator@city.test").status_code == 303
    assert time.monotonic() - started < 2


def test_a_login_neither_waits_nor_fails_for_a_broker_that_is_frozen(with_broker: str, town: None) -> None:
    opened = Browser(create_app().test_client())
    assert opened.sign_in("moderator@city.test", "wrong horse battery").status_code == 401
    with redis.Redis(unix_socket_path=urlsplit(with_broker).path) as broker:
        frozen = int(broker.info("server")["process_id"])
    os.kill(frozen, signal.SIGSTOP)
    try:
        started = time.monotonic()
        for _ in range(3):
            assert opened.sign_in("moderator@city.test", "wrong horse battery").status_code == 401
        assert opened.sign_in("moderator@city.test").status_code == 303
        assert time.monotonic() - started < 4
    finally:
        os.kill(frozen, signal.SIGCONT)


# --- own account ------------------------------------------------------------------------------------


def test_an_own_password_is_changed_by_who_knows_the_old_one(app: Flask, moderator: Browser) -> None:
    elsewhere = signed_in(app, Role.MODERATOR)
    answer = moderator.post("/account/password", current=PASSWORD, password=NEW, again=NEW)
    assert answer.status_code == 303
    assert moderator.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 302
    assert Browser(app.test_client()).sign_in("moderator@city.test", NEW).status_code == 303


@pytest.mark.parametrize(
    ("current", "password", "again", "field"),
    [
        ("wrong horse battery", NEW, NEW, "current"),
        (PASSWORD, NEW, NEW + "x", "again"),
        (PASSWORD, "short", "short", "password"),
        (PASSWORD, "a" * 12, "a" * 12, "password"),
    ],
)
def test_a_password_that_cannot_be_taken_is_told_at_its_field(
    moderator: Browser, current: str, password: str, again: str, field: str
) -> None:
    answer = moderator.post("/account/password", current=current, password=password, again=again)
    assert answer.status_code == 422
    assert f'id="{field}-errors"' in answer.text


def reset_address(email: str = "moderator@city.test") -> str:
    with db.transaction() as session:
        user = people.by_email(session, email)
        assert user is not None
        return f"/reset/{people.reset_token(user)}"


def test_a_reset_link_sets_a_password_once(browser: Browser, town: None) -> None:
    address = reset_address()
    assert "moderator@city.test" in browser.get(address).text
    assert browser.post(address, password=NEW, again=NEW).headers["Location"] == "/login"
    assert browser.post(address, password="yet another one", again="yet another one").status_code == 410
    assert browser.sign_in("moderator@city.test", NEW).status_code == 303


def test_a_reset_link_survives_a_mistyped_form(browser: Browser, town: None) -> None:
    address = reset_address()
    assert browser.post(address, password=NEW, again="not the same").status_code == 422
    assert browser.post(address, password=NEW, again=NEW).status_code == 303


def test_the_first_administrator_is_made_once(browser: Browser, database: None) -> None:
    address = f"/setup/{people.first_run_token()}"
    assert browser.get(address).status_code == 200
    fields = {"email": "ilk@city.test", "name": "İlk Yönetici", "password": NEW, "again": NEW}
    assert browser.post(address, **{**fields, "email": "none"}).status_code == 422
    assert browser.post(address, **fields).headers["Location"] == "/"
    assert browser.get("/settings/users").status_code == 200
    assert browser.get(address).status_code == 404
    with db.transaction() as session:
        assert session.scalars(select(User.role)).all() == [Role.ADMINISTRATOR]


def test_nobody_makes_a_first_administrator_without_the_link(browser: Browser, database: None) -> None:
    assert (
        browser.post("/setup/guessed", email="a@b.test", name="A", password=NEW, again=NEW).status_code == 404
    )
    with db.transaction() as session:
        assert session.scalar(select(func.count(User.id))) == 0


# --- language ---------------------------------------------------------------------------------------


def test_the_screens_are_turkish_until_somebody_says_otherwise(browser: Browser) -> None:
    assert '<html lang="tr"' in browser.get("/login").text
    assert browser.post("/language", language="en").status_code == 303
    assert '<html lang="en"' in browser.get("/login").text


def test_a_language_chosen_goes_with_the_user_to_the_next_browser(app: Flask, moderator: Browser) -> None:
    moderator.post("/language", language="en")
    assert '<html lang="en"' in signed_in(app, Role.MODERATOR).get("/account").text


def test_a_language_nobody_speaks_here_is_refused(browser: Browser) -> None:
    assert browser.post("/language", language="xx").status_code == 400


def test_changing_the_language_leads_back_to_the_page_and_never_to_another_site(browser: Browser) -> None:
    token = browser.token()
    for came_from, leads_to in (
        ("http://localhost/login?next=/inbox", "/login?next=/inbox"),
        ("http://evil.test//evil.test", "/"),
        ("", "/"),
    ):
        answer = browser.client.post(
            "/language", data={"csrf_token": token, "language": "en"}, headers={"Referer": came_from}
        )
        assert answer.headers["Location"] == leads_to
