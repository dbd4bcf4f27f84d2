"""One complaint travels the whole way in a real browser, from the citizen and back to the citizen.

The README's pictures are taken on the way, into the folder that SCREENSHOTS names.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.browser import chromium
from tests.support.running_demo import Demo, demo, eventually

WIDE = ViewportSize(width=1366, height=768)
COMPLAINT = "Zafer Mahallesi 1405. Sokak'ta rögar kapağı çökmüş, çocuklar düşecek"
ANSWER = "Rögar kapağı bugün yenilendi, sokak yeniden güvenli."


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One running system for the module."""
    with demo(tmp_path_factory.mktemp("browser") / "demo") as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's Chromium, or npm's."""
    own = chromium.find()
    expect.set_options(timeout=30_000)  # how long a busy machine may take, not how long it should
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=str(own.executable),
            args=[*own.args, "--disable-background-networking", "--disable-quic"],
            env=dict(own.env),
        )
        yield running
        running.close()


@pytest.fixture
def picture(tmp_path: Path) -> Callable[[Page, str], None]:
    """Takes a picture of a page, for the README when SCREENSHOTS names its folder."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)

    def take(page: Page, name: str) -> None:
        page.wait_for_timeout(400)  # let what moves come to rest
        page.screenshot(path=folder / f"{name}.png")
        assert (folder / f"{name}.png").stat().st_size > 10_000, "an empty page"

    return take


def log_in(browser: Browser, system: Demo, role: str, *, unit: str | None = None) -> Page:
    """A page of somebody with this role, signed in, whose console had nothing to complain of."""
    person = next(one for one in system.told["users"] if one["role"] == role and one["unit"] == unit)
    page = browser.new_context(viewport=WIDE, locale="tr-TR").new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda message: faults.append(message.text) if "Content Security Policy" in message.text else None,
    )
    page.goto(f"{system.web}/login")
    page.get_by_label("E-posta").fill(person["email"])
    page.get_by_label("Parola", exact=True).fill(person["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    assert faults == []
    return page


def test_one_complaint_travels_the_whole_way(
    system: Demo, browser: Browser, picture: Callable[[Page, str], None]
) -> None:
    desk = log_in(browser, system, "moderator")

    citizen = browser.new_context(viewport=WIDE, locale="tr-TR").new_page()
    citizen.goto(system.sandbox)
    system.control("/say", channel="facebook-belediye", author="Ayşe Yılmaz", text=COMPLAINT)
    system.control(
        "/say",
        channel="instagram-belediye",
        author="Bekir Kaya",
        text="Park çok güzel olmuş, emeğinize sağlık",
    )
    system.control("/say", channel="x-belediye", author="Cemile Ak", text="Pazar yeri saat kaçta açılıyor?")
    system.control(
        "/say",
        channel="whatsapp-cozum",
        author="Deniz Su",
        text="Babam evde vefat etti, defin için doktor gelecek mi",
    )

    # It appears by itself, and the emergency stands above it.
    row = desk.get_by_text("rögar kapağı çökmüş").first
    expect(row).to_be_visible(timeout=30_000)
    expect(desk.get_by_text("vefat etti").first).to_be_visible(timeout=30_000)
    picture(desk, "desk-inbox")
    row.click()
    expect(desk.locator("summary", has_text="Talebe dönüştür")).to_be_visible()
    picture(desk, "desk-conversation")

    # Converted from the keyboard, unit and category as proposed, told to the citizen in the same step.
    desk.keyboard.press("c")
    expect(desk.locator("#convert-unit")).to_be_attached()
    desk.locator("#convert-unit").select_option("fen-isleri")
    desk.locator("#convert-category").select_option("yol-kaldirim")
    picture(desk, "desk-convert")
    desk.locator("form.dock-form [data-submit]").first.click()
    number = eventually(lambda: request_number(system), what="the request")
    eventually(
        lambda: str(number) in str(system.threads("facebook-belediye")), what="the acknowledgement in public"
    )

    # The unit's officer finds it in the unit's own list and answers.
    unit = log_in(browser, system, "unit_officer", unit="fen-isleri")
    unit.get_by_text("rögar kapağı çökmüş").first.click()
    expect(unit.locator("#respond-text")).to_be_visible()
    unit.locator("input[name=outcome][value=positive]").check(force=True)
    unit.locator("#respond-text").fill(ANSWER)
    picture(unit, "unit-answer")
    unit.locator("form.work-form:has(#respond-text) [data-submit]").click()
    eventually(lambda: system.get(f"/requests/{number}")["state"] == "RESPONDED", what="the unit's answer")

    # One approval at the desk, and it is public, under the citizen's own comment.
    desk.goto(f"{system.web}/requests/{number}/approve")
    expect(desk.get_by_text(ANSWER).first).to_be_visible()
    picture(desk, "desk-approval")
    desk.locator("button[data-hotkey=a]").click()
    eventually(lambda: ANSWER in str(system.threads("facebook-belediye")), what="the public answer")
    eventually(lambda: system.get(f"/requests/{number}")["state"] == "CLOSED", what="the request closed")
    citizen.get_by_text("Esenyurt Belediyesi", exact=True).nth(1).click()
    expect(citizen.get_by_text(ANSWER).first).to_be_visible(timeout=15_000)
    citizen.get_by_text(ANSWER).first.scroll_into_view_if_needed()
    picture(citizen, "citizen-page")

    # And the citizen says whether it helped.
    eventually(
        lambda: [
            reply
            for reply in system.get(f"/requests/{number}")["replies"]
            if reply["kind"] == "rating" and reply["state"] == "SENT"
        ],
        what="the question whether it helped",
    )
    system.control("/rate", channel="facebook-belediye", author="Ayşe Yılmaz", stars=5)
    eventually(lambda: system.get(f"/requests/{number}")["ratings"], what="the rating")
    desk.goto(f"{system.web}/requests/{number}")
    expect(desk.get_by_text(ANSWER).first).to_be_visible()
    picture(desk, "request-file")


def request_number(system: Demo) -> int | None:
    """The number of the one request there is."""
    items = system.get("/requests")["items"]
    return items[0]["number"] if items else None


def test_the_desk_works_on_a_phone_and_in_english(
    system: Demo, browser: Browser, picture: Callable[[Page, str], None]
) -> None:
    person = next(one for one in system.told["users"] if one["role"] == "moderator")
    page = browser.new_context(viewport=ViewportSize(width=390, height=844), locale="en-GB").new_page()
    page.goto(f"{system.web}/login")
    page.get_by_label("E-posta").fill(person["email"])
    page.get_by_label("Parola", exact=True).fill(person["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390, f"the page is {wide} pixels wide on a phone"
    picture(page, "desk-phone")
