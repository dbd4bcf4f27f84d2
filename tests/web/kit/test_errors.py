"""Refusals and faults as people and programs see them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import default_exceptions

from inbox import errors
from inbox.refusals import Thing, Why
from inbox.states import RequestState
from tests.web.conftest import Browser
from web import create_app
from web.kit.access import public
from web.kit.errors import ADVICE, STATUS, TITLES

CHANGE = errors.LastChange(
    "request.moved", "CLOSED", "user:7", "Ayşe Demir", datetime(2026, 11, 26, 11, 3, tzinfo=UTC)
)

RAISED: list[tuple[errors.CoreError, int, str]] = [
    (errors.NotFound(Thing.MESSAGE, 7), 404, "7"),
    (errors.UnknownKey(Thing.UNIT, "moon", ["roads"]), 422, "roads"),
    (errors.InvalidInput("email", Why.NOT_AN_EMAIL), 422, "e-mail"),
    (errors.IllegalMove(Thing.REQUEST, 104233, "CLOSED", RequestState.RESPONDED), 409, "104233"),
    (errors.MovedMeanwhile(Thing.REPLY, 7, "SENT"), 409, "7"),
    (errors.NotAllowed("Biri", "users.edit"), 403, "users"),
    (errors.KeyReused("abc"), 422, "abc"),
    (errors.CursorExpired(), 410, ""),
]


@pytest.fixture(scope="module")
def faulty_app(environment: dict[str, str]) -> Flask:
    """The application with one page, and one call, that raises what it is told to."""
    raised: dict[str, Any] = {}
    app = create_app()
    app.extensions["raised"] = raised

    @public
    def raises() -> str:
        raise raised["error"]

    app.add_url_rule("/raises", "raises", raises)
    app.add_url_rule("/api/raises", "api_raises", raises)
    return app


@pytest.fixture
def faulty(faulty_app: Flask, database: None) -> Flask:
    """That application, on an empty database."""
    return faulty_app


def test_every_refusal_of_the_core_has_its_answer() -> None:
    assert {type(error) for error, _, _ in RAISED} == set(errors.CoreError.__subclasses__())
    assert set(STATUS) == set(errors.CoreError.__subclasses__())


@pytest.mark.parametrize(("error", "status", "names"), RAISED)
def test_a_refusal_is_a_page_for_people(faulty: Flask, error: Exception, status: int, names: str) -> None:
    faulty.extensions["raised"]["error"] = error
    browser = Browser(faulty.test_client())
    browser.post("/language", language="en")
    answer = browser.get("/raises")
    assert answer.status_code == status
    assert answer.content_type.startswith("text/html")
    assert str(ADVICE[status]) in answer.text
    assert names in answer.text


@pytest.mark.parametrize(("error", "status", "names"), RAISED)
def test_a_refusal_is_a_problem_document_for_programs(
    faulty: Flask, error: Exception, status: int, names: str
) -> None:
    faulty.extensions["raised"]["error"] = error
    answer = faulty.test_client().get("/api/raises")
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["status"] == status
    assert names in answer.get_json()["detail"]


def test_a_refusal_names_the_state_and_what_exists_in_members_of_their_own(faulty: Flask) -> None:
    faulty.extensions["raised"]["error"] = errors.IllegalMove(
        Thing.REQUEST, 1, "CLOSED", RequestState.RESPONDED, CHANGE
    )
    answer = faulty.test_client().get("/api/raises").get_json()
    assert (answer["state"], answer["by"], answer["at"]) == ("CLOSED", "user:7", CHANGE.at.isoformat())
    faulty.extensions["raised"]["error"] = errors.InvalidInput("email", Why.NOT_AN_EMAIL)
    answer = faulty.test_client().get("/api/raises").get_json()
    assert (answer["field"], answer["why"]) == ("email", "not_an_email")
    faulty.extensions["raised"]["error"] = errors.UnknownKey(Thing.UNIT, "moon", ["roads", "parks"])
    assert faulty.test_client().get("/api/raises").get_json()["existing"] == ["parks", "roads"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("Ayşe Yılmaz 0532 111 22 33"), 500),
        (OperationalError("SELECT 'Ayşe Yılmaz 0532 111 22 33'", None, Exception()), 503),
    ],
)
@pytest.mark.parametrize("path", ["/raises", "/api/raises"])
def test_a_fault_of_ours_tells_a_visitor_nothing(
    faulty: Flask, error: Exception, status: int, path: str
) -> None:
    faulty.extensions["raised"]["error"] = error
    answer = faulty.test_client().get(path)
    assert answer.status_code == status
    assert "Ayşe" not in answer.text


@pytest.mark.parametrize("status", sorted(TITLES))
def test_every_status_has_a_page_in_both_languages(faulty: Flask, status: int) -> None:
    faulty.extensions["raised"]["error"] = default_exceptions.get(status, default_exceptions[500])()
    browser = Browser(faulty.test_client())
    pages = {}
    for language in ("tr", "en"):
        browser.post("/language", language=language)
        pages[language] = browser.get("/raises")
        assert pages[language].status_code == status
        assert f'lang="{language}"' in pages[language].text
    assert str(TITLES[status]) in pages["en"].text
    assert str(TITLES[status]) not in pages["tr"].text


def test_an_unknown_address_of_the_api_is_a_problem_document(app: Flask) -> None:
    answer = app.test_client().get("/api/v1/nothing")
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


def test_a_fragment_gets_a_notice_and_no_whole_page(faulty: Flask) -> None:
    faulty.extensions["raised"]["error"] = errors.MovedMeanwhile(Thing.REPLY, 7, "SENT")
    answer = faulty.test_client().get("/raises", headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert "<html" not in answer.text


def test_a_frame_that_is_broken_itself_does_not_hide_the_fault(faulty: Flask) -> None:
    def broken(_: object) -> str:
        raise ValueError("the frame is broken")

    faulty.jinja_env.filters["label"] = broken
    faulty.jinja_env.globals["csrf_token"] = broken
    faulty.extensions["raised"]["error"] = ValueError("so is the page")
    answer = faulty.test_client().get("/raises")
    assert answer.status_code == 500
    assert "500" in answer.text
