"""The log says what happened by name and id, in one form, and never a citizen's words."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from inbox import log


class Told:
    """Sets the log up in JSON, and reads back what was logged since."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def begin(self, *, as_json: bool = True) -> None:
        log.configure(as_json=as_json)

    def text(self) -> str:
        return self._capsys.readouterr().err

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().splitlines()]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Iterator[Told]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    structlog.contextvars.clear_contextvars()
    yield Told(capsys)
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


WORDS = "Ayşe'nin sözleri"


def fail(words: str) -> None:
    try:
        raise KeyError(words)
    except KeyError:
        raise ValueError(words)  # noqa: B904


def test_a_line_has_a_name_a_time_and_the_ids_bound_around_it(told: Told) -> None:
    told.begin()
    with log.bound(reply_id=7):
        structlog.get_logger().info("reply_sent", seconds=1.5)
    (line,) = told.lines()
    assert (line["event"], line["reply_id"], line["seconds"], line["level"]) == ("reply_sent", 7, 1.5, "info")
    assert line["timestamp"].endswith("Z")


def test_ids_are_forgotten_where_they_end(told: Told) -> None:
    told.begin()
    with log.bound(reply_id=7):
        pass
    structlog.get_logger().info("later")
    assert "reply_id" not in told.lines()[0]


def test_a_library_logs_in_the_same_form(told: Told) -> None:
    told.begin()
    logging.getLogger("some.library").warning("told %s", "so")
    (line,) = told.lines()
    assert (line["event"], line["logger"], line["level"]) == ("told so", "some.library", "warning")


@pytest.mark.parametrize(
    "library", ["heyoo", "tweepy", "tweepy.client", "oauthlib", "requests_oauthlib", "facebook"]
)
def test_libraries_that_log_recipients_and_bodies_are_silent(told: Told, library: str) -> None:
    told.begin()
    logging.getLogger(library).error("Status code: 400, response: +90 555 111 22 33")
    assert told.lines() == []


def test_a_traceback_is_kept_without_the_values_in_it(told: Told) -> None:
    told.begin()
    try:
        fail(WORDS)
    except ValueError:
        structlog.get_logger().exception("unforeseen_error")
    (line,) = told.lines()
    assert "KeyError" in line["exception"]
    assert "ValueError" in line["exception"]
    assert "in fail" in line["exception"]
    assert "Ayşe" not in str(line)


def test_a_librarys_traceback_is_kept_without_its_words_too(told: Told) -> None:
    told.begin()
    try:
        fail(WORDS)
    except ValueError:
        logging.getLogger("some.library").exception("it failed")
    (line,) = told.lines()
    assert "in fail" in line["exception"]
    assert "Ayşe" not in str(line)


def test_at_home_a_line_is_text_and_hides_local_values_too(told: Told) -> None:
    told.begin(as_json=False)
    try:
        fail(WORDS)
    except ValueError:
        structlog.get_logger().exception("unforeseen_error", reply_id=7)
    text = told.text()
    assert "unforeseen_error" in text
    assert "reply_id=7" in text
    assert "ValueError" in text
    assert "in fail" in text
    assert "Ayşe" not in text
