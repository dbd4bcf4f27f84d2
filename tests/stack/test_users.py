"""`cozum user`: people from the command line, and the link for the very first one."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from click.testing import CliRunner, Result
from sqlalchemy import select

from inbox import db, people
from inbox.models import Unit, User
from inbox.settings import settings
from inbox.states import Role
from stack import links, users
from web import create_app

PASSWORD = "correct horse battery"


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(users.user, arguments, input=typed)


def add(*more: str, typed: str = f"{PASSWORD}\n") -> Result:
    return run(
        "add", "--email", "Ayse@City.test", "--name", "Ayşe", "--role", "moderator", *more, typed=typed
    )


def emails() -> list[str]:
    with db.transaction() as session:
        return list(session.scalars(select(User.email).order_by(User.id)))


def test_a_user_is_added_with_the_password_from_standard_input(database: None) -> None:
    result = add("--password-stdin")
    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    with db.transaction() as session:
        assert people.authenticate(session, "ayse@city.test", PASSWORD) is not None


def test_a_password_is_asked_for_twice_and_not_shown(database: None) -> None:
    result = add(typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output


def test_a_user_may_be_added_with_a_link_in_place_of_a_password(database: None) -> None:
    result = add("--link")
    address = urlsplit(result.output.split()[-1])
    assert address.geturl().startswith(str(settings().public_url))
    assert create_app().test_client().get(address.path).status_code == 200


def test_what_cannot_be_is_refused_in_one_line_and_adds_nobody(database: None) -> None:
    for result in (
        add("--password-stdin", typed="short\n"),
        add("--password-stdin", "--unit", "moon"),
        add("--role", "unit_officer", "--password-stdin"),
        add("--role", "mayor", "--password-stdin"),
        add("--password-stdin", "--link"),
        add("--email", "none", "--password-stdin"),
    ):
        assert result.exit_code != 0
        assert "Traceback" not in result.output
    assert emails() == []


def test_a_reset_prints_a_link_that_works_once(database: None) -> None:
    add("--password-stdin")
    address = urlsplit(run("reset", "AYSE@city.test").output.strip())
    assert create_app().test_client().get(address.path).status_code == 200


def test_a_reset_for_nobody_is_refused(database: None) -> None:
    result = run("reset", "nobody@city.test")
    assert result.exit_code == 1
    assert "nobody@city.test" in result.output


def test_a_file_of_users_is_imported_whole_or_not_at_all(database: None, tmp_path: Path) -> None:
    with db.transaction() as session:
        session.add(Unit(key="roads", name_tr="Fen İşleri", name_en="Roads", name_ar="x"))
    file = tmp_path / "people.csv"
    file.write_text("email;name;role;unit\na@city.test;A;moderator;\nb@city.test;B;kral;\n")
    result = run("import", str(file))
    assert result.exit_code == 1
    assert "row 3, column C" in result.output
    assert emails() == []

    file.write_text("email;name;role;unit\na@city.test;A;moderator;\nb@city.test;B;unit_officer;Fen İşleri\n")
    result = run("import", str(file))
    assert result.exit_code == 0, result.output
    assert result.output.count("/reset/") == 2
    assert emails() == ["a@city.test", "b@city.test"]


def test_a_file_that_is_none_is_refused(database: None, tmp_path: Path) -> None:
    file = tmp_path / "people.xlsx"
    file.write_bytes(b"no spreadsheet")
    assert "neither an Excel file" in run("import", str(file)).output


def test_the_first_start_names_a_link_until_there_is_an_administrator(database: None) -> None:
    link = links.first_run_link()
    assert link is not None
    assert create_app().test_client().get(urlsplit(link).path).status_code == 200
    with db.transaction() as session:
        people.add_user(
            session, email="a@city.test", name="A", role=Role.ADMINISTRATOR, password=PASSWORD, by="test"
        )
    assert links.first_run_link() is None
