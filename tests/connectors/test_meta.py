"""Meta's hook family: who speaks, and what a Graph error means."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
import requests

from connectors.http import AccessExpired, PlatformError, RateLimited, Rejected, Transient, Unknown
from connectors.meta import HOOK, claims_object, classify_graph, read_bodies
from inbox.values import UnreadablePayload

BODY = b'{"object":"page","entry":[{"message":"\\u00e7\\u00f6p al\\u0131nmad\\u0131"}]}'


def signed(secret: str, body: bytes) -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


# --- the hook ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", ["new-secret", "old-secret"])
def test_a_body_signed_with_any_of_our_secrets_is_genuine(secret: str) -> None:
    assert HOOK.is_genuine(["new-secret", "old-secret"], signed(secret, BODY), BODY)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-hub-signature-256": ""},
        {"x-hub-signature-256": "sha256="},
        {"x-hub-signature-256": "sha256=ışğ"},
        {"x-hub-signature-256": "sha256=\udcff"},
        {"x-hub-signature": signed("secret", BODY)["x-hub-signature-256"]},
        {"x-hub-signature-256": signed("secret", BODY)["x-hub-signature-256"].removeprefix("sha256=")},
        signed("another", BODY),
        signed("", BODY),
    ],
)
def test_a_body_signed_otherwise_is_not_genuine(headers: dict[str, str]) -> None:
    assert not HOOK.is_genuine(["secret", ""], headers, BODY)


def test_a_body_written_anew_is_not_genuine() -> None:
    rewritten = json.dumps(json.loads(BODY), ensure_ascii=False).encode()

    assert not HOOK.is_genuine(["secret"], signed("secret", BODY), rewritten)


def test_nothing_is_genuine_without_a_secret() -> None:
    assert not HOOK.is_genuine([], signed("", BODY), BODY)


def test_the_challenge_is_answered_to_the_letter() -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "bizim-sözümüz", "hub.challenge": "0017"}

    assert HOOK.answer_challenge([], "bizim-sözümüz", query) == ("0017", "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    ("verify_token", "query"),
    [
        ("token", {"hub.mode": "subscribe", "hub.verify_token": "other", "hub.challenge": "1"}),
        ("token", {"hub.mode": "unsubscribe", "hub.verify_token": "token", "hub.challenge": "1"}),
        ("token", {"hub.mode": "subscribe", "hub.verify_token": "token"}),
        ("token", {"hub.challenge": "1"}),
        ("", {"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"}),
    ],
)
def test_a_challenge_without_our_token_is_not_answered(verify_token: str, query: dict[str, str]) -> None:
    assert HOOK.answer_challenge([], verify_token, query) is None


def test_a_body_is_claimed_by_its_object_also_within_a_list() -> None:
    assert claims_object(b'{"object": "page"}', "page")
    assert claims_object(b'[{"object": "instagram"}]', "instagram")
    assert not claims_object(b'{"object": "page"}', "instagram")
    assert not claims_object(b"not json", "page")


@pytest.mark.parametrize("raw", [b"", b"\xff", b"1", b"[]", b"[1]", b'"page"', b"[" * 100_000])
def test_what_is_no_body_is_unreadable(raw: bytes) -> None:
    with pytest.raises(UnreadablePayload):
        read_bodies(raw)


# --- errors -----------------------------------------------------------------------------------------


def answer(
    status: int, body: object = None, *, text: str = "", headers: dict[str, str] | None = None
) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers.update(headers or {})
    response._content = (json.dumps(body) if body is not None else text).encode()
    return response


def graph_error(
    code: int | str, *, status: int = 400, subcode: int | None = None, **more: object
) -> requests.Response:
    error = {"message": "as the platform says", "type": "OAuthException", "code": code, **more}
    return answer(status, {"error": {**error, "error_subcode": subcode} if subcode else error})


def kind_of(response: requests.Response, *, write: bool = True) -> type[PlatformError] | None:
    error = classify_graph(response, write)
    return type(error) if error else None


@pytest.mark.parametrize("body", [{"id": "1"}, {"data": []}, [], True])
def test_an_answer_without_an_error_is_a_success(body: object) -> None:
    assert kind_of(answer(200, body)) is None


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (graph_error(4), RateLimited),
        (graph_error(80001), RateLimited),
        (graph_error(368), RateLimited),
        (graph_error(130429, status=429), RateLimited),
        (answer(429, text="slow down"), RateLimited),
        (graph_error(190, status=401, subcode=463), AccessExpired),
        (graph_error("190"), AccessExpired),
        (graph_error(190, status=200), AccessExpired),
        (graph_error(200, status=403), AccessExpired),
        (graph_error(10, status=403), AccessExpired),
        (answer(401, text="who are you"), AccessExpired),
        (graph_error(10, subcode=2018278), Rejected),
        (graph_error(10, subcode=2534022), Rejected),
        (graph_error(551, subcode=1545041), Rejected),
        (graph_error(200, subcode=1545041), Rejected),
        (graph_error(100), Rejected),
        (graph_error(506), Rejected),
        (graph_error(131047), Rejected),
        (graph_error(131016), Transient),
        (graph_error(1), Unknown),
        (graph_error(2, status=500, is_transient=True), Unknown),
        (graph_error(99, is_transient=True), Unknown),
        (graph_error(99, status=503), Unknown),
        (answer(400, {"error": {"message": "no code"}}), Unknown),
        (answer(400, {"id": "1"}), Unknown),
        (answer(400, text="<html>a gateway's</html>"), Unknown),
        (answer(502, text="<html>a gateway's</html>"), Unknown),
        (answer(302), Unknown),
        (answer(200, {"error": "odd"}), Unknown),
    ],
)
def test_each_error_says_what_became_of_a_write(
    response: requests.Response, expected: type[PlatformError]
) -> None:
    assert kind_of(response) is expected


def test_what_proves_nothing_about_a_write_is_harmless_for_a_read() -> None:
    assert kind_of(answer(502, text="<html></html>"), write=False) is Transient
    assert kind_of(graph_error(2, status=500), write=False) is Transient


def test_a_rate_limit_says_when_calls_are_taken_again() -> None:
    usage = {"1002": [{"type": "pages", "estimated_time_to_regain_access": 7}]}
    by_usage = classify_graph(
        answer(
            400,
            {"error": {"code": 80001}},
            headers={"X-Business-Use-Case-Usage": json.dumps(usage)},
        ),
        True,
    )
    by_header = classify_graph(answer(429, {"error": {"code": 4}}, headers={"Retry-After": "30"}), True)
    unsaid = classify_graph(graph_error(4), True)

    assert isinstance(by_usage, RateLimited)
    assert by_usage.retry_after == 420
    assert isinstance(by_header, RateLimited)
    assert by_header.retry_after == 30
    assert isinstance(unsaid, RateLimited)
    assert unsaid.retry_after is None


@pytest.mark.parametrize(
    "usage", ["[]", "{", '{"1": 2}', '{"1": [{"estimated_time_to_regain_access": "x"}]}']
)
def test_an_odd_usage_header_costs_nothing(usage: str) -> None:
    response = graph_error(4)
    response.headers["X-Business-Use-Case-Usage"] = usage

    assert kind_of(response) is RateLimited


def test_too_many_messages_to_one_person_do_not_stop_the_others() -> None:
    error = classify_graph(graph_error(131056), True)

    assert isinstance(error, RateLimited)
    assert not error.whole_account
    assert error.retry_after == 6


def test_a_refusal_carries_a_reason_the_desk_can_act_on() -> None:
    reasons = {
        code: error.reason
        for code, subcode in [(10, 2018278), (551, None), (10900, None), (506, None), (100, 33)]
        if (error := classify_graph(graph_error(code, subcode=subcode), True))
    }

    assert reasons == {
        10: "window_closed",
        551: "undeliverable",
        10900: "already_replied",
        506: "duplicate",
        100: "gone",
    }


def test_the_cloud_apis_details_are_what_people_read() -> None:
    error = classify_graph(
        graph_error(131026, error_data={"messaging_product": "whatsapp", "details": "Number not on it"}), True
    )

    assert error is not None
    assert error.text == "Number not on it"
