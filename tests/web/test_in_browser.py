"""What only a browser shows: typed words outlive a refresh, keys do what they say, tabs share a stream."""

from __future__ import annotations

import os
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
    desk.locator("summary[data-key=c]").click()

    assert desk.evaluate("document.documentElement.scrollWidth") <= 390
    expect(desk.locator("#list")).to_be_hidden()
    desk.locator(".conv-back").click()
    expect(desk.locator("#list")).to_be_visible()
