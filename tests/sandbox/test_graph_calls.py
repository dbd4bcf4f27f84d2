"""The door of the Graph API: versions, tokens, proofs, permissions, unknown objects."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import pytest
import requests

from sandbox.config import DEMO_CHANNELS

PAGE = "100200300401"


def _error(answer: requests.Response) -> tuple[int, int, int | None]:
    error = answer.json()["error"]
    assert error["fbtrace_id"]
    return answer.status_code, error["code"], error.get("error_subcode")


@pytest.mark.parametrize(("version", "code"), [("v20.0", 2635), ("v2.8", 2635), ("v99.0", 2500), ("x", 2500)])
def test_a_dead_or_unknown_version_is_refused(stage: Any, version: str, code: int) -> None:
    headers = {"Authorization": "Bearer sandbox-token-facebook-belediye"}
    answer = requests.get(f"{stage.url}/graph/{version}/me", headers=headers, timeout=10)
    assert _error(answer) == (400, code, None)
    assert requests.get(f"{stage.url}/graph/v21.0/me", headers=headers, timeout=10).status_code == 200


def test_a_wrong_or_missing_token_is_refused(stage: Any) -> None:
    url = f"{stage.url}/graph/v26.0/me"
    wrong = requests.get(url, headers={"Authorization": "Bearer nobody"}, timeout=10)
    none = requests.get(url, timeout=10)
    x_token = requests.get(url, params={"access_token": "sandbox-token-x-belediye"}, timeout=10)
    assert _error(wrong) == (401, 190, 460)
    assert _error(none)[1] == 2500
    assert _error(x_token)[1] == 190


def test_the_token_may_stand_in_header_query_or_body(stage: Any) -> None:
    token = "sandbox-token-facebook-belediye"
    url = f"{stage.url}/graph/v26.0/me"
    comment = stage.say("facebook-belediye", "merhaba")
    by_header = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10).json()
    by_query = requests.get(url, params={"access_token": token}, timeout=10).json()
    by_body = requests.post(
        f"{stage.url}/graph/v26.0/{comment}/comments",
        data={"message": "Merhaba", "access_token": token},
        timeout=10,
    )
    assert by_header == by_query == {"name": "Esenyurt Belediyesi", "id": PAGE}
    assert by_body.status_code == 200


def test_an_app_secret_proof_is_checked_when_it_is_given(stage: Any) -> None:
    token = "sandbox-token-facebook-belediye"
    proof = hmac.new(b"sandbox-meta-app-secret", token.encode(), hashlib.sha256).hexdigest()
    right = stage.graph("GET", "me", "facebook-belediye", params={"appsecret_proof": proof})
    wrong = stage.graph("GET", "me", "facebook-belediye", params={"appsecret_proof": "0" * 64})
    assert right.status_code == 200
    assert _error(wrong) == (400, 100, None)
    assert "appsecret_proof" in wrong.json()["error"]["message"]


def test_a_missing_permission_is_named(open_stage: Callable[..., Any]) -> None:
    channels = [
        {
            "key": channel.key,
            "platform": channel.platform,
            "name": channel.name,
            "handle": channel.handle,
            "external_id": channel.external_id,
            "token": channel.token,
            "scopes": ["pages_read_engagement", "instagram_basic"],
        }
        for channel in DEMO_CHANNELS
    ]
    stage = open_stage(channels=channels)
    comment = stage.say("facebook-belediye", "merhaba")
    reply = stage.graph("POST", f"{comment}/comments", "facebook-belediye", data={"message": "a"})
    message = stage.whatsapp(to="905000000000", type="text", text={"body": "a"})
    assert stage.graph("GET", comment, "facebook-belediye").status_code == 200
    assert _error(reply)[:2] == (403, 200)
    assert "pages_manage_engagement" in reply.json()["error"]["message"]
    assert _error(message)[:2] == (403, 10)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_object_is_code_100_subcode_33(stage: Any, method: str) -> None:
    for channel in ("facebook-belediye", "instagram-belediye", "whatsapp-cozum"):
        answer = stage.graph(method, "999999", channel, data={"message": "a"} if method == "POST" else None)
        assert _error(answer) == (400, 100, 33)


def test_another_accounts_objects_look_as_if_they_were_not_there(stage: Any) -> None:
    comment = stage.say("facebook-belediye", "merhaba")
    assert _error(stage.graph("GET", comment, "facebook-baskan")) == (400, 100, 33)
    assert _error(stage.graph("GET", PAGE, "facebook-baskan")) == (400, 100, 33)


def test_debug_token_tells_whose_it_is_and_what_it_may(stage: Any) -> None:
    known = stage.graph(
        "GET", "debug_token", "facebook-belediye", params={"input_token": "sandbox-token-facebook-baskan"}
    ).json()["data"]
    unknown = stage.graph("GET", "debug_token", "facebook-belediye", params={"input_token": "x"}).json()[
        "data"
    ]
    assert known["is_valid"]
    assert known["profile_id"] == "100200300402"
    assert "pages_manage_engagement" in known["scopes"]
    assert unknown["is_valid"] is False
    assert unknown["error"]["code"] == 190


def test_hooks_come_only_while_the_page_is_subscribed(stage: Any, listener: Any) -> None:
    fields = {"subscribed_fields": "feed,messages"}
    assert stage.graph("DELETE", f"{PAGE}/subscribed_apps", "facebook-belediye").json() == {"success": True}
    assert stage.graph("GET", f"{PAGE}/subscribed_apps", "facebook-belediye").json() == {"data": []}
    stage.say("facebook-belediye", "duyulmaz")
    stage.graph("POST", f"{PAGE}/subscribed_apps", "facebook-belediye", data=fields)
    stage.say("facebook-belediye", "duyulur")
    [hook] = listener.wait(1)
    apps = stage.graph("GET", "me/subscribed_apps", "facebook-belediye").json()["data"]
    assert hook.body["entry"][0]["changes"][0]["value"]["message"] == "duyulur"
    assert apps[0]["subscribed_fields"] == ["feed", "messages"]


@pytest.mark.parametrize(
    ("fields", "code"), [("id,words", 100), ("comments{id", 2500), ("id,,message", 2500), ("id}", 2500)]
)
def test_fields_that_do_not_exist_or_cannot_be_read_are_refused(stage: Any, fields: str, code: int) -> None:
    comment = stage.say("facebook-belediye", "merhaba")
    answer = stage.graph("GET", comment, "facebook-belediye", params={"fields": fields})
    assert _error(answer)[:2] == (400, code)
