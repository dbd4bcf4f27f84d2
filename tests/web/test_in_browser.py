"""What only a browser shows: typed words outlive a refresh, keys do what they say, tabs share a stream."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from inbox import db, queries
from inbox.desk import triage
from tests.browser import chromium
from tests.support import crowd
from tests.support.serving import free_port, served

PASSWORD = "correct horse battery"
Enter = Callable[[], Page]


@pytest.fixture(scope="module")
def running_chromium() -> Iterator[Chromium]:
    """The machine's Chromium, or npm's."""
    own = chromium.find()
    expect.set_options(timeout=20_000)  # how long a busy machine may take, not how long it should
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(own.executable),
            args=[*own.args, "--disable-background-networking", "--disable-quic"],
            env={**own.env},
        )
        yield browser
        browser.close()


@pytest.fixture
def address(citizens: Any, environment: dict[str, str]) -> Iterator[str]:
    """The town's screens, served to real browsers."""
    port = free_port()
    with served(port, "-m", "web", "--port", str(port), env={**os.environ, **environment}):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def faults() -> list[str]:
    """What the pages complained of."""
    return []


@pytest.fixture
def context(running_chromium: Chromium, faults: list[str]) -> Iterator[BrowserContext]:
    """One moderator's browser at the size of the town hall's screens."""
    opened = running_chromium.new_context(viewport={"width": 1366, "height": 768}, locale="tr-TR")
    opened.on("weberror", lambda error: faults.append(str(error.error)))
    opened.on(
        "console",
        lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None,
    )
    yield opened
    opened.close()


@pytest.fixture
def desk(context: BrowserContext, address: str) -> Page:
    """The moderator's inbox."""
    page = context.new_page()
    page.goto(f"{address}/login")
    page.locator("input[name=email]").fill("moderator@city.test")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox")
    return page


def open_conversation(desk: Page, words: str) -> None:
    desk.locator(".row-item", has_text=words).locator("a").click()
    expect(desk.locator("#conversation")).to_contain_text(words)
    expect(desk.locator("#pane.is-loading")).to_have_count(0)
    expect(desk.locator("#conversation .pick-field").first).to_be_attached()  # the page is done with it


def test_a_message_appears_without_a_reload(desk: Page, citizens: Any, faults: list[str]) -> None:
    expect(desk.locator("[data-live-mark]")).to_have_attribute("data-live", "on")

    citizens.say("Sokağımızda çukur var")

    expect(desk.locator(".row-item")).to_contain_text("Sokağımızda çukur var")
    assert faults == []


def test_typed_words_outlive_a_refresh_and_a_refusal(desk: Page, citizens: Any, faults: list[str]) -> None:
    message_id = citizens.say("Teşekkürler")
    open_conversation(desk, "Teşekkürler")
    desk.keyboard.press("r")
    desk.keyboard.type("Yarım kalan söz")

    with db.transaction() as session:
        triage.dismiss(session, queries.message(session, message_id), reason="thanks", by="test")
    expect(desk.locator(".conv-marks")).to_contain_text("Kapatıldı")
    expect(desk.locator("#compose-text")).to_have_value("Yarım kalan söz")
    expect(desk.locator("#compose-text")).to_be_focused()

    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#kept-words")).to_have_value("Yarım kalan söz")
    assert faults == []


def test_two_keys_dismiss_and_open_the_next_and_one_takes_it_back(
    desk: Page, citizens: Any, faults: list[str]
) -> None:
    for who, words in (("Kemal Acar", "Çukur var"), ("Ayşe Yılmaz", "Teşekkürler")):
        citizens.say(words, who=who)
    expect(desk.locator(".row-item")).to_have_count(2)
    desk.keyboard.press("j")
    desk.keyboard.press("Enter")
    expect(desk.locator("#conversation")).to_contain_text("Teşekkürler")
    expect(desk.locator("#pane.is-loading")).to_have_count(0)
    expect(desk.locator("#conversation .pick-field").first).to_be_attached()

    desk.keyboard.press("e")
    desk.keyboard.press("1")
    expect(desk.locator("#conversation")).to_contain_text("Çukur var")
    expect(desk.locator(".row-item")).to_have_count(1)

    desk.keyboard.press("u")
    expect(desk.locator("#conversation")).to_contain_text("Teşekkürler")
    expect(desk.locator(".row-item")).to_have_count(2)
    assert faults == []


def refresh(desk: Page) -> None:
    """Fetch the open conversation again and morph it in, with no form kept as a whole."""
    desk.evaluate(
        """() => new Promise((done) => {
            const forms = document.querySelectorAll("form[data-keep]");
            for (const form of forms) form.removeAttribute("data-keep");
            document.addEventListener("cozum:morphed", (event) => {
                if (event.detail.id === "conversation") done();
            });
            window.htmx.trigger(document.body, "cozum:changed");
        })"""
    )


def test_a_combo_box_keeps_what_is_typed_and_chosen_through_a_morph(
    desk: Page, citizens: Any, faults: list[str]
) -> None:
    citizens.say("Sokağımız bozuk")
    open_conversation(desk, "Sokağımız bozuk")
    box = desk.locator("combo-box:has(#convert-category)")
    field, chosen = box.locator(".pick-field"), desk.locator("#convert-category")

    desk.keyboard.press("c")
    desk.keyboard.type("cu")
    desk.keyboard.press("ArrowLeft")
    refresh(desk)

    expect(field).to_be_focused()
    expect(field).to_have_value("cu")
    assert field.evaluate("field => field.selectionStart") == 1
    expect(box.locator("[role=option]")).to_have_text(["Çukur"])
    expect(box.locator("[role=option]")).to_have_attribute("aria-selected", "true")

    desk.keyboard.press("Enter")
    refresh(desk)

    expect(chosen).to_have_value("pothole")
    expect(desk.locator("#convert-unit")).to_have_value("roads")
    expect(field).to_have_value("Çukur")
    assert faults == []


def test_a_reply_keeps_its_words_and_its_key_through_a_morph(
    desk: Page, citizens: Any, faults: list[str]
) -> None:
    citizens.say("Teşekkürler")
    open_conversation(desk, "Teşekkürler")
    desk.keyboard.press("r")
    desk.keyboard.type("Yarım kalan söz")
    expect(desk.locator("#act-reply .counter")).to_have_text(re.compile("^15 /"))
    compose_key = desk.locator("#act-reply [name=compose_key]").input_value()
    desk.locator("#act-reply [name=as_question]").focus()
    refresh(desk)

    expect(desk.locator("#compose-text")).to_have_value("Yarım kalan söz")
    expect(desk.locator("#act-reply .counter")).to_have_text(re.compile("^15 /"))
    expect(desk.locator("#act-reply [name=compose_key]")).to_have_value(compose_key)
    assert faults == []


def test_elements_that_move_or_leave_take_their_listeners_along(
    desk: Page, context: BrowserContext, citizens: Any
) -> None:
    def listeners() -> int:
        found = devtools.send("Runtime.evaluate", {"expression": "document"})["result"]["objectId"]
        return len(devtools.send("DOMDebugger.getEventListeners", {"objectId": found})["listeners"])

    devtools = context.new_cdp_session(desk)
    citizens.say("Sokağımız bozuk")
    open_conversation(desk, "Sokağımız bozuk")
    everywhere = listeners()
    desk.evaluate(
        "window.menu = document.querySelector('drop-menu'); menu.place = menu.parentNode; menu.remove()"
    )
    assert listeners() == everywhere - 2
    desk.evaluate("for (let turn = 0; turn < 3; turn += 1) menu.place.append(menu)")
    assert listeners() == everywhere

    desk.keyboard.press("c")
    desk.evaluate("const box = document.querySelector('combo-box'); box.parentNode.append(box)")
    expect(desk.locator("combo-box:has(#convert-category) .pick-field")).to_have_count(1)
    desk.locator("combo-box:has(#convert-category) .pick-field").click()
    desk.keyboard.type("cuk")
    desk.keyboard.press("Enter")
    expect(desk.locator("#convert-category")).to_have_value("pothole")


def test_the_menu_closes_by_escape_and_by_a_click_outside(desk: Page, citizens: Any) -> None:
    citizens.say("Sokağımız bozuk")
    open_conversation(desk, "Sokağımız bozuk")
    menu = desk.locator("drop-menu > details")

    menu.locator("summary").click()
    expect(menu).to_have_attribute("open", "")
    desk.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")

    menu.locator("summary").click()
    expect(menu).to_have_attribute("open", "")
    desk.locator(".conv-body").click()
    expect(menu).not_to_have_attribute("open", "")

    expect(desk.locator("#conversation")).to_contain_text("Sokağımız bozuk")


def test_an_untouched_form_goes_when_a_colleague_was_faster(desk: Page, citizens: Any) -> None:
    message_id = citizens.say("Teşekkürler")
    open_conversation(desk, "Teşekkürler")
    expect(desk.locator("#convert-category")).to_be_attached()

    with db.transaction() as session:
        triage.dismiss(session, queries.message(session, message_id), reason="thanks", by="test")

    expect(desk.locator(".conv-marks")).to_contain_text("Kapatıldı")
    expect(desk.locator("#convert-category")).to_have_count(0)


def test_a_request_is_opened_without_javascript(
    running_chromium: Chromium, address: str, citizens: Any
) -> None:
    message_id = citizens.say("Sokağımız bozuk")
    plain = running_chromium.new_context(java_script_enabled=False, locale="tr-TR")
    page = plain.new_page()
    page.goto(f"{address}/login")
    page.locator("input[name=email]").fill("moderator@city.test")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox")
    page.goto(f"{address}/conversations/{message_id}")

    page.locator("#act-convert > summary").click()
    page.locator("#convert-category").select_option("pothole")
    page.locator("#convert-unit").select_option("roads")
    page.locator("#act-convert [data-submit]").click()

    expect(page.locator("#conversation")).to_contain_text("Fen İşleri")
    plain.close()


def test_a_category_is_found_without_its_turkish_letters_and_brings_its_unit(
    desk: Page, citizens: Any, faults: list[str]
) -> None:
    citizens.say("Sokağımız bozuk")
    open_conversation(desk, "Sokağımız bozuk")

    desk.keyboard.press("c")
    expect(desk.locator("#conversation .pick-field").first).to_be_focused()
    desk.keyboard.type("cuk")
    desk.keyboard.press("Enter")

    expect(desk.locator("#convert-category")).to_have_value("pothole")
    expect(desk.locator("#convert-unit")).to_have_value("roads")
    assert faults == []


def test_the_tabs_of_one_browser_share_one_stream(
    desk: Page, context: BrowserContext, address: str, citizens: Any
) -> None:
    expect(desk.locator("[data-live-mark]")).to_have_attribute("data-live", "on")
    second = context.new_page()
    second.goto(f"{address}/inbox")

    citizens.say("Sokağımızda çukur var")

    for tab in (desk, second):
        expect(tab.locator(".row-item")).to_contain_text("Sokağımızda çukur var")
    assert crowd.streams_open(int(address.rpartition(":")[2])) == 1


def test_everything_fits_a_telephone(desk: Page, citizens: Any) -> None:
    desk.set_viewport_size({"width": 390, "height": 844})
    citizens.say("Sokağımızda çukur var, araba geçemiyor " * 5)
    open_conversation(desk, "çukur var")
    desk.locator("summary[data-hotkey=c]").click()

    assert desk.evaluate("document.documentElement.scrollWidth") <= 390
    expect(desk.locator("#list")).to_be_hidden()
    desk.locator(".conv-back").click()
    expect(desk.locator("#list")).to_be_visible()
