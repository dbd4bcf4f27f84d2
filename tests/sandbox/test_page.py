"""The citizen's page: what it serves, that it loads nothing from elsewhere, what it asks for."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

import requests

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")


def test_the_page_shows_every_account_and_loads_only_its_own_files(stage: Any) -> None:
    page = requests.get(stage.url, timeout=10)
    policy = page.headers["Content-Security-Policy"]
    assert page.text.count('class="channel"') == 7
    assert "unsafe-inline" not in policy
    assert "default-src 'none'" in policy
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", page.text)
    sources = re.findall(r'(?:src|href)="([^"#]+)', page.text)
    assert sources
    for source in sources:
        assert source.startswith("/_static/")
        assert requests.get(stage.url + source, timeout=10).status_code == 200


def test_scripts_import_only_files_that_are_served(stage: Any) -> None:
    pending, seen = ["citizen.js"], set()
    while pending:
        name = pending.pop()
        answer = requests.get(f"{stage.url}/_static/{name}", timeout=10)
        assert answer.status_code == 200
        assert "javascript" in answer.headers["Content-Type"]
        seen.add(name)
        pending += [one for one in re.findall(r'from "\./([\w.]+)"', answer.text) if one not in seen]
    assert seen == {"citizen.js", "dom.js", "talk.js", "composer.js", "feed.js", "chat.js"}


def test_the_page_shows_only_the_channels_it_is_told(open_stage: Callable[..., Any]) -> None:
    stage = open_stage(citizens_page_channels=["whatsapp-cozum", "x-baskan"])
    keys = re.findall(r'data-channel="([\w-]+)"', requests.get(stage.url, timeout=10).text)
    assert sorted(keys) == ["whatsapp-cozum", "x-baskan"]


def test_the_summary_counts_what_was_answered_to_one_citizen(stage: Any) -> None:
    comment = stage.say("facebook-belediye", "yol bozuk")
    stage.graph("POST", f"{comment}/comments", "facebook-belediye", data={"message": "Bakıyoruz."})
    stage.say("whatsapp-cozum", "merhaba")
    phone = stage.threads("whatsapp-cozum")["chats"][0]["phone"]
    stage.whatsapp(to=phone, type="text", text={"body": "Merhaba"})

    def answers(author: str) -> dict[str, int]:
        read = requests.get(f"{stage.url}/_page/summary", params={"author": author}, timeout=10).json()
        return {key: one["answers"] for key, one in read["channels"].items() if one["answers"]}

    assert answers("Ayşe Yılmaz") == {"facebook-belediye": 1, "whatsapp-cozum": 1}
    assert answers("Hiç Kimse") == {}


def test_a_picture_chosen_on_the_page_is_served_as_it_was_and_named_by_address(
    stage: Any, listener: Any
) -> None:
    data = "data:image/gif;base64," + base64.b64encode(PIXEL).decode()
    stage.say("facebook-belediye", "bakın", media=[data])
    photo = listener.wait(1)[0].body["entry"][0]["changes"][0]["value"]["photo"]
    [shown] = stage.threads("facebook-belediye")["posts"][0]["replies"][0]["media"]
    answer = requests.get(photo, timeout=10)
    assert photo == shown
    assert (answer.content, answer.headers["Content-Type"]) == (PIXEL, "image/gif")
    assert requests.get(f"{stage.url}/_media/0", timeout=10).status_code == 404


def test_a_tapped_choice_is_answered_as_the_platform_does(stage: Any, listener: Any) -> None:
    stage.say("whatsapp-cozum", "merhaba")
    phone = stage.threads("whatsapp-cozum")["chats"][0]["phone"]
    buttons = [{"type": "reply", "reply": {"id": one, "title": one.title()}} for one in ("evet", "hayır")]
    interactive = {"type": "button", "body": {"text": "Düzeldi mi?"}, "action": {"buttons": buttons}}
    asked = stage.whatsapp(to=phone, type="interactive", interactive=interactive).json()["messages"][0]["id"]
    stage.say("whatsapp-cozum", "Hayır", parent=asked, choice="hayır")
    values = [hook.body["entry"][0]["changes"][0]["value"] for hook in listener.wait(5)]
    tapped = [value["messages"][0] for value in values if "messages" in value][-1]
    unknown = stage.control(
        "say", channel="whatsapp-cozum", author="A", text="a", parent=asked, choice="belki"
    )
    assert tapped["interactive"]["button_reply"] == {"id": "hayır", "title": "Hayır"}
    assert tapped["context"]["id"] == asked
    assert (unknown.status_code, unknown.json()["exist"]) == (422, ["evet", "hayır"])
