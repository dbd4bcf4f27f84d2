"""What the browser is told, and what templates may not do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask, render_template_string, request

from inbox.settings import settings
from tests.web.conftest import Browser
from web import create_app
from web.kit import security

TEMPLATES = sorted((Path(__file__).parents[3] / "web" / "templates").rglob("*.html"))


def test_no_page_may_run_a_script_or_wear_a_style_of_its_own(browser: Browser) -> None:
    policy = browser.get("/login").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    "path", ["/login", "/nothing", "/healthz", "/api/v1/openapi.json", "/static/nothing"]
)
def test_every_answer_carries_the_headers(browser: Browser, path: str) -> None:
    headers = browser.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Content-Security-Policy" in headers


def test_over_tls_the_browser_is_told_to_stay_there(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COZUM_COOKIE_SECURE", "true")
    settings.cache_clear()
    try:
        answer = create_app().test_client().get("/login", base_url="https://localhost")
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "Strict-Transport-Security" in answer.headers


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_inline_script_or_style_and_trusts_no_text(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"\|\s*safe\b|Markup|autoescape\s+false|javascript:", text)


def test_a_citizens_markup_is_shown_and_never_run(app: Flask) -> None:
    with app.test_request_context():
        shown = render_template_string("{{ words }}", words="<script>alert(1)</script>")
    assert shown == "&lt;script&gt;alert(1)&lt;/script&gt;"


@pytest.mark.parametrize(
    ("broker", "storage"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("rediss://:secret@broker.city:6380/1?ssl_cert_reqs=required", "rediss://:secret@broker.city:6380/1"),
        ("redis+socket:///run/valkey.sock?virtual_host=0", "redis+unix:///run/valkey.sock"),
        ("amqp://guest@127.0.0.1//", "memory://"),
    ],
)
def test_failed_logins_are_counted_in_the_broker_where_it_can_count(broker: str, storage: str) -> None:
    assert security.limits_storage(broker) == storage


@pytest.mark.parametrize(("proxies", "seen"), [("0", "127.0.0.1"), ("1", "203.0.113.7")])
def test_a_forwarded_address_is_believed_from_our_own_proxies_alone(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, proxies: str, seen: str
) -> None:
    monkeypatch.setenv("COZUM_TRUSTED_PROXIES", proxies)
    settings.cache_clear()
    try:
        with create_app().test_client() as client:
            client.get("/login", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.7"})
            assert request.remote_addr == seen
    finally:
        monkeypatch.undo()
        settings.cache_clear()
