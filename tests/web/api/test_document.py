"""The OpenAPI document says what the API does, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator


@pytest.fixture
def document(small: Any) -> dict[str, Any]:
    answer = small.stranger.get("/openapi.json")
    assert answer.status_code == 200
    return dict(answer.json)


def _operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_it_describes_every_call_that_is_served(small: Any, document: dict[str, Any]) -> None:
    served = {
        (str(rule).replace("<int:", "{").replace(">", "}"), method.lower())
        for rule in small.app.url_map.iter_rules()
        for method in rule.methods or ()
        if str(rule).startswith("/api/") and method in ("GET", "POST")
    }

    assert {(path, method) for path, method, _ in _operations(document)} == served - {
        ("/api/v1/openapi.json", "get")
    }


def test_every_call_asks_for_a_token_and_tells_its_errors_as_problems(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for path, method, operation in _operations(document):
        assert operation["security"] == [{"bearer": []}], path
        expected = {"200", "401", "403", "422", "500", "503"}
        if method == "post":
            expected |= {"400", "404", "409", "413", "415"}
        if "{" in path:
            expected |= {"404"}
        assert expected <= set(operation["responses"]), path
        for status, response in operation["responses"].items():
            wanted = "application/json" if status == "200" else "application/problem+json"
            assert set(response["content"]) == {wanted}, (path, status)


def test_every_post_takes_an_idempotency_key(document: dict[str, Any]) -> None:
    for path, method, operation in _operations(document):
        headers = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "header"}
        assert headers == ({"Idempotency-Key"} if method == "post" else set()), path


def test_operations_have_names_of_their_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in _operations(document)]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/units", "Units"),
        ("/reasons", "Reasons"),
        ("/channels", "Channels"),
        ("/messages", "Messages"),
        ("/requests", "Requests"),
        ("/replies", "Replies"),
        ("/events", "Events"),
    ],
)
def test_answers_have_the_shape_that_is_documented(
    small: Any, convert: Any, document: dict[str, Any], path: str, shape: str
) -> None:
    number = convert(acknowledge=True, note="not")
    small.officer.post(f"/requests/{number}/respond", {"outcome": "positive", "text": "Yapıldı."})

    answer = small.chief.get(path).json

    assert answer["items"]
    schema = {"$ref": f"#/components/schemas/{shape}", "components": document["components"]}
    assert list(Draft202012Validator(schema).iter_errors(answer)) == []


def test_refusals_have_the_shape_that_is_documented(small: Any, document: dict[str, Any]) -> None:
    schema = {"$ref": "#/components/schemas/Problem", "components": document["components"]}
    refused = [
        small.stranger.get("/units"),
        small.chief.get("/messages/999"),
        small.chief.get("/messages", state="OPEN"),
        small.officer.get("/messages"),
    ]

    for answer in refused:
        assert list(Draft202012Validator(schema).iter_errors(answer.json)) == [], answer.text


def test_no_page_of_the_document_loads_anything_from_elsewhere(small: Any) -> None:
    for path in ("/openapi", "/openapi/", "/openapi/openapi.json", "/openapi/swagger"):
        assert small.stranger.client.get(path).status_code == 404


def test_the_guide_shows_every_call(document: dict[str, Any]) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "api.md").read_text()

    shown = re.sub(r"/\d+", "/{}", guide)
    for path, _, _ in _operations(document):
        call = re.sub(r"\{\w+\}", "{}", path.removeprefix("/api/v1"))
        # One message and one reply are read like one request is.
        assert call in shown or call in ("/messages/{}", "/replies/{}"), call
