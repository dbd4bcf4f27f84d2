"""The browser of the browser tests really renders: the machine's own and the one from npm alike."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.browser import chromium

PAGE = "<!doctype html><title>Çöp</title><h1 style='font-family: sans-serif'>Sokağımızdaki çöp alınmadı</h1>"


class OnePage(BaseHTTPRequestHandler):
    """Answers every call with one page."""

    def do_GET(self) -> None:
        body = PAGE.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def page_url() -> Iterator[str]:
    """A page on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), OnePage) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("source", [chromium.system, chromium.unpacked])
def test_a_page_is_rendered_with_its_letters(
    page_url: str, tmp_path: Path, source: Callable[[], chromium.Chromium | None]
) -> None:
    browser = source()
    if browser is None:
        pytest.skip(f"this machine has no Chromium of this kind ({source.__name__})")
    picture = tmp_path / "page.png"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=browser.executable, args=browser.args, env=dict(browser.env)
        )
        page = opened.new_page(viewport={"width": 800, "height": 200})
        page.goto(page_url)
        page.screenshot(path=picture)
        title = page.title()
        opened.close()

    assert title == "Çöp"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 3_000
