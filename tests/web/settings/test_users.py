"""Users and API tokens on their screens."""

from __future__ import annotations

import io
import re

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from inbox import db, people
from inbox.models import ApiToken, User
from inbox.states import Role
from tests.support.people import PASSWORD
from tests.web.conftest import Browser

FIELDS = {"email": "yeni@city.test", "name": "Yeni Biri", "role": "moderator", "unit": "", "language": "tr"}


def user(email: str) -> User:
    with db.transaction() as session:
        found = people.by_email(session, email)
        assert found is not None
        return found


def link(answer: TestResponse) -> str:
    found = re.search(r'value="http://localhost(/reset/[^"]+)"', answer.text)
    assert found is not None
    return found[1]


def test_a_user_is_added_and_comes_in_by_the_link(app: Flask, administrator: Browser) -> None:
    answer = administrator.post("/settings/users/new", **FIELDS)
    assert answer.status_code == 200
    visitor = Browser(app.test_client())
    assert visitor.post(link(answer), password="my own password", again="my own password").status_code == 303
    assert visitor.sign_in("yeni@city.test", "my own password").status_code == 303


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "none"}, "email"),
        ({"email": "moderator@city.test"}, "email"),
        ({"name": ""}, "name"),
        ({"role": "mayor"}, "role"),
        ({"role": "unit_officer"}, "unit"),
        ({"unit": "roads"}, "unit"),
        ({"role": "unit_officer", "unit": "moon"}, "unit"),
    ],
)
def test_a_user_that_cannot_be_is_told_at_the_field(
    administrator: Browser, wrong: dict[str, str], field: str
) -> None:
    answer = administrator.post("/settings/users/new", **{**FIELDS, **wrong})
    assert answer.status_code == 422
    assert f'id="{field}-errors"' in answer.text
    assert wrong.get("name", "Yeni Biri") in answer.text


def test_a_user_is_moved_to_a_unit_and_later_deactivated(administrator: Browser) -> None:
    moderator = user("moderator@city.test")
    address = f"/settings/users/{moderator.id}"
    change = {"name": "Başka Biri", "role": "unit_officer", "unit": "parks", "language": "en"}
    assert administrator.post(address, **change, is_active="y").status_code == 303
    after = user("moderator@city.test")
    assert (after.name, after.role, after.unit.key if after.unit else "") == (
        "Başka Biri",
        Role.UNIT_OFFICER,
        "parks",
    )
    assert administrator.post(address, **change).status_code == 303
    assert not user("moderator@city.test").is_active
    assert 'selected value="parks"' in administrator.get(address).text


def test_the_address_of_a_user_is_never_changed(administrator: Browser) -> None:
    moderator = user("moderator@city.test")
    administrator.post(
        f"/settings/users/{moderator.id}", **{**FIELDS, "email": "evil@city.test"}, is_active="y"
    )
    assert user("moderator@city.test").id == moderator.id


def test_the_only_administrator_stays(administrator: Browser) -> None:
    chief = user("administrator@city.test")
    answer = administrator.post(
        f"/settings/users/{chief.id}", name="C", role="moderator", unit="", language="tr", is_active="y"
    )
    assert answer.status_code == 422
    assert user("administrator@city.test").role is Role.ADMINISTRATOR


def test_a_link_is_made_for_who_forgot(app: Flask, administrator: Browser) -> None:
    moderator = user("moderator@city.test")
    answer = administrator.post(f"/settings/users/{moderator.id}/reset")
    assert Browser(app.test_client()).get(link(answer)).status_code == 200


def send_file(browser: Browser, name: str, content: bytes) -> TestResponse:
    return browser.client.post(
        "/settings/users/import",
        data={"csrf_token": browser.token(), "file": (io.BytesIO(content), name)},
        content_type="multipart/form-data",
    )


def test_a_spreadsheet_adds_everybody_and_shows_their_links(administrator: Browser) -> None:
    rows = (
        "E-posta;Ad Soyad;Rol;Birim\na@city.test;A B;Moderatör;\nc@city.test;Ç D;Birim yetkilisi;Fen İşleri\n"
    )
    answer = send_file(administrator, "kisiler.csv", rows.encode())
    assert answer.status_code == 200
    assert answer.text.count("/reset/") == 2
    assert user("c@city.test").role is Role.UNIT_OFFICER


def test_a_spreadsheet_with_a_mistake_adds_nobody_and_names_row_and_column(administrator: Browser) -> None:
    rows = (
        "email,name,role,unit\n"
        "a@city.test,A B,moderator,\n"
        "none,C D,moderator,\n"
        "e@city.test,E,unit_officer,moon\n"
    )
    answer = send_file(administrator, "people.csv", rows.encode())
    assert answer.status_code == 422
    assert re.search(r"3\b.*\bA\b", answer.text)
    assert re.search(r"4\b.*\bD\b.*moon", answer.text)
    with db.transaction() as session:
        assert session.scalar(select(User.id).where(User.email == "a@city.test")) is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("people.pdf", b"%PDF"),
        ("people.xlsx", b"not a zip"),
        ("people.xlsx", b"PK\x03\x04broken"),
        ("people.csv", b""),
        ("people.csv", b"name,role\nA,moderator\n"),
        ("people.csv", b"email,email,name,role\n"),
        ("people.csv", b'email,name,role\n"unclosed'),
    ],
)
def test_what_is_no_list_of_users_is_told_at_the_file(
    administrator: Browser, name: str, content: bytes
) -> None:
    answer = send_file(administrator, name, content)
    assert answer.status_code == 422
    assert 'id="file-errors"' in answer.text


def test_a_token_is_shown_once_and_works_until_revoked(app: Flask, administrator: Browser) -> None:
    moderator = user("moderator@city.test")
    answer = administrator.post("/settings/tokens", name="Panel", user=moderator.id, may_approve_alone="y")
    found = re.search(r'value="(cozum_[\w-]+)"', answer.text)
    assert found is not None
    token = found[1]
    assert token not in administrator.get("/settings/tokens").text
    program = app.test_client()
    headers = {"Authorization": f"Bearer {token}"}
    assert program.get("/api/v1/units", headers=headers).status_code == 200
    with db.transaction() as session:
        token_id = session.scalars(select(ApiToken.id)).one()
    assert administrator.post(f"/settings/tokens/{token_id}/revoke").status_code == 303
    assert program.get("/api/v1/units", headers=headers).status_code == 401


def test_a_token_for_nobody_is_refused(administrator: Browser) -> None:
    assert administrator.post("/settings/tokens", name="Panel", user=999).status_code == 422
    assert administrator.post("/settings/tokens", name="", user="x").status_code == 422


def test_no_screen_shows_a_password_or_its_hash(administrator: Browser) -> None:
    shown = "".join(
        administrator.get(path).text
        for path in ("/settings/users", f"/settings/users/{user('moderator@city.test').id}", "/account")
    )
    assert "argon2" not in shown
    assert PASSWORD not in shown
