"""The WhatsApp Cloud API: hooks of citizens, sending, choices, templates, receipts, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

PHONE, WABA = "105500000000001", "205500000000001"
WA = "whatsapp-cozum"
LIST = {
    "type": "list",
    "body": {"text": "Hizmetimizi nasıl buldunuz?"},
    "action": {
        "button": "Puan ver",
        "sections": [
            {"title": "Puan", "rows": [{"id": f"rating:17:{n}", "title": "⭐" * n} for n in range(5, 0, -1)]}
        ],
    },
}


def _value(hook: Any) -> Any:
    assert hook.body["object"] == "whatsapp_business_account"
    [entry] = hook.body["entry"]
    assert entry["id"] == WABA
    [change] = entry["changes"]
    assert change["value"]["metadata"] == {"display_phone_number": "905550000411", "phone_number_id": PHONE}
    return change["value"]


def _phone(listener: Any) -> str:
    return str(_value(listener.wait(1)[0])["contacts"][0]["wa_id"])


def test_a_citizens_message_comes_with_contact_number_and_text(stage: Any, listener: Any) -> None:
    id = stage.say(WA, "Merhaba, çöpümüz alınmadı 😕")
    value = _value(listener.wait(1)[0])
    [message], [contact] = value["messages"], value["contacts"]
    assert message["id"] == id
    assert message["text"] == {"body": "Merhaba, çöpümüz alınmadı 😕"}
    assert message["from"] == contact["wa_id"]
    assert contact["profile"] == {"name": "Ayşe Yılmaz"}
    assert contact["wa_id"].startswith("90500")
    assert len(contact["wa_id"]) == 12


def test_the_same_name_is_the_same_citizen_and_some_show_a_bsuid(stage: Any, listener: Any) -> None:
    names = [f"Kişi {n}" for n in range(12)]
    for name in names + names:
        stage.say(WA, "merhaba", author=name)
    contacts = [_value(hook)["contacts"][0] for hook in listener.wait(24)]
    assert contacts[:12] == contacts[12:]
    assert len({one["wa_id"] for one in contacts}) == 12
    assert {"user_id" in one for one in contacts} == {True, False}


def test_a_citizen_may_hide_the_number_and_is_answered_by_bsuid(stage: Any, listener: Any) -> None:
    stage.say(WA, "merhaba", hide_phone=True)
    value = _value(listener.wait(1)[0])
    bsuid = value["contacts"][0]["user_id"]
    answer = stage.whatsapp(recipient=bsuid, type="text", text={"body": "Merhaba"})
    [status] = _value(listener.wait(2)[1])["statuses"]
    assert "wa_id" not in value["contacts"][0]
    assert "from" not in value["messages"][0]
    assert value["messages"][0]["from_user_id"] == bsuid
    assert answer.json()["contacts"] == [{"input": bsuid, "user_id": bsuid}]
    assert status["recipient_user_id"] == bsuid
    assert "recipient_id" not in status


def test_a_quoted_answer_is_shown_and_its_receipts_carry_our_handle(stage: Any, listener: Any) -> None:
    asked = stage.say(WA, "Ne zaman gelirsiniz?")
    answer = stage.whatsapp(
        to=_phone(listener),
        type="text",
        text={"body": "Yarın."},
        context={"message_id": asked},
        biz_opaque_callback_data="reply-42",
    ).json()
    id = answer["messages"][0]["id"]
    statuses = [_value(hook)["statuses"][0] for hook in listener.wait(4)[1:]]
    assert [one["status"] for one in statuses] == ["sent", "delivered", "read"]
    assert {one["id"] for one in statuses} == {id}
    assert {one["biz_opaque_callback_data"] for one in statuses} == {"reply-42"}
    [chat] = stage.threads(WA)["chats"]
    assert [(one["external_id"], one["parent"]) for one in chat["messages"]] == [(asked, None), (id, asked)]


def test_after_24_hours_only_templates_pass(open_stage: Callable[..., Any], listener: Any) -> None:
    template = {"name": "bilgi", "language": "tr", "parameters": 1, "text": "Talebiniz {{1}} kapandı."}
    stage = open_stage(whatsapp_templates=[template])
    stage.say(WA, "merhaba")
    phone = _phone(listener)
    stage.control("clock", shift_seconds=24 * 3600 - 60)
    assert stage.whatsapp(to=phone, type="text", text={"body": "hâlâ olur"}).status_code == 200
    stage.control("clock", shift_seconds=24 * 3600 + 1)
    closed = stage.whatsapp(to=phone, type="text", text={"body": "geç"})
    parameters = [{"type": "body", "parameters": [{"type": "text", "text": "104233"}]}]
    sent = stage.whatsapp(
        to=phone,
        type="template",
        template={"name": "bilgi", "language": {"code": "tr"}, "components": parameters},
    )
    unknown = stage.whatsapp(to=phone, type="template", template={"name": "yok", "language": {"code": "tr"}})
    uneven = stage.whatsapp(to=phone, type="template", template={"name": "bilgi", "language": {"code": "tr"}})
    error = closed.json()["error"]
    assert (closed.status_code, error["code"]) == (400, 131047)
    assert "24 hours" in error["error_data"]["details"]
    assert sent.status_code == 200
    assert stage.threads(WA)["chats"][0]["messages"][-1]["text"] == "Talebiniz 104233 kapandı."
    assert unknown.json()["error"]["code"] == 132001
    assert uneven.json()["error"]["code"] == 132000


def test_a_closed_window_may_be_told_later_by_a_failed_status(
    open_stage: Callable[..., Any], listener: Any
) -> None:
    stage = open_stage(whatsapp_async_errors=True)
    stage.say(WA, "merhaba")
    phone = _phone(listener)
    stage.control("clock", shift_seconds=24 * 3600 + 1)
    answer = stage.whatsapp(to=phone, type="text", text={"body": "geç"}, biz_opaque_callback_data="r")
    [status] = _value(listener.wait(2)[1])["statuses"]
    assert answer.status_code == 200
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131047)
    assert status["biz_opaque_callback_data"] == "r"
    assert len(stage.threads(WA)["chats"][0]["messages"]) == 1


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "text", "text": {"body": ""}}, 100),
        ({"type": "text", "text": {"body": "a" * 4097}}, 100),
        ({"type": "text"}, 100),
        ({"type": "fax", "fax": {}}, 100),
        ({"type": "text", "text": {"body": "a"}, "context": {"message_id": "wamid.x"}}, 131009),
        ({"type": "interactive", "interactive": {**LIST, "type": "menu"}}, 131009),
        ({"type": "interactive", "interactive": {**LIST, "body": {"text": "a" * 1025}}}, 131009),
        (
            {
                "type": "interactive",
                "interactive": {
                    "type": "button",
                    "body": {"text": "a"},
                    "action": {
                        "buttons": [
                            {"type": "reply", "reply": {"id": str(n), "title": "a"}} for n in range(4)
                        ]
                    },
                },
            },
            131009,
        ),
        (
            {
                "type": "interactive",
                "interactive": {
                    "type": "list",
                    "body": {"text": "a"},
                    "action": {"button": "b", "sections": [{"rows": [{"id": "1", "title": "a" * 25}]}]},
                },
            },
            131009,
        ),
    ],
)
def test_content_whatsapp_cannot_take_is_refused(
    stage: Any, listener: Any, message: dict[str, Any], code: int
) -> None:
    stage.say(WA, "merhaba")
    answer = stage.whatsapp(to=_phone(listener), **message)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert len(stage.threads(WA)["chats"][0]["messages"]) == 1


def test_an_unknown_recipient_or_product_is_refused(stage: Any) -> None:
    nobody = stage.whatsapp(to="905551112233", type="text", text={"body": "a"})
    nothing = stage.whatsapp(type="text", text={"body": "a"})
    body = {"to": "905551112233", "text": {"body": "a"}}
    product = stage.graph("POST", f"{PHONE}/messages", WA, json=body)
    assert nobody.json()["error"]["code"] == 131026
    assert nothing.json()["error"]["code"] == 100
    assert "messaging_product" in product.json()["error"]["message"]


def test_edits_removals_and_reactions_are_messages_of_their_own(stage: Any, listener: Any) -> None:
    said = stage.say(WA, "5. sokak")
    stage.control("edit", external_id=said, text="15. sokak")
    stage.control("react", external_id=said, author="Ayşe Yılmaz", reaction="🙏")
    stage.control("delete", external_id=said)
    _, edited, reacted, revoked = (_value(hook)["messages"][0] for hook in listener.wait(4))
    assert edited["edit"] == {
        "original_message_id": said,
        "message": {"type": "text", "text": {"body": "15. sokak"}},
    }
    assert reacted["reaction"] == {"message_id": said, "emoji": "🙏"}
    assert revoked["revoke"] == {"original_message_id": said}
    assert len({said, edited["id"], reacted["id"], revoked["id"]}) == 4


def test_each_picture_is_a_message_whose_bytes_can_be_fetched(stage: Any, listener: Any) -> None:
    stage.say(WA, "bakın", media=["https://pictures.example/1.jpg", "https://pictures.example/2.jpg"])
    first, second = (_value(hook)["messages"][0] for hook in listener.wait(2))
    described = stage.graph("GET", first["image"]["id"], WA).json()
    fetched = requests.get(described["url"], timeout=10)
    assert (first["type"], first["image"]["caption"]) == ("image", "bakın")
    assert "caption" not in second["image"]
    assert described["id"] == first["image"]["id"]
    assert (fetched.headers["Content-Type"], fetched.content[:4]) == ("image/png", b"\x89PNG")


def test_a_message_can_be_marked_read_and_the_number_describes_itself(stage: Any) -> None:
    said = stage.say(WA, "merhaba")
    read = stage.whatsapp(status="read", message_id=said)
    number = stage.graph("GET", PHONE, WA).json()
    listed = stage.graph("GET", f"{WABA}/phone_numbers", WA).json()["data"]
    assert read.json() == {"success": True}
    assert number["display_phone_number"] == "+90 555 000 04 11"
    assert listed[0]["id"] == PHONE
