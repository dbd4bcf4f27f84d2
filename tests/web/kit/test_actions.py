"""The table of actions: what stands in it is so, and what it feeds says nothing beside it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from inbox import people
from inbox.states import Role
from web.kit import access, actions, can
from web.kit.actions import ACTIONS, GESTURES, Scope

TEMPLATES = Path(__file__).parents[3] / "web" / "templates"
THE_ONE_PLACE = "_actions.html"
KEY_IN_MARKUP = re.compile(r"data-(key|go|hotkey)\b|accesskey|<kbd[^>]*>(?!\{\{)")
"""An attribute that the keyboard looks for, or a key by its letter."""


def literal_keys(template: str) -> list[str]:
    """The lines of a template that name a key by themselves."""
    return [line.strip() for line in template.splitlines() if KEY_IN_MARKUP.search(line)]


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_an_action_leads_to_a_view_that_asks_for_the_same_permission(
    app: Flask, action: actions.Action
) -> None:
    assert action.permission in people.ACTIONS
    assert action.endpoint in app.view_functions
    assert access.needed_action(app.view_functions[action.endpoint]) == action.permission


@pytest.mark.parametrize("scope", Scope)
def test_a_key_means_one_thing_where_it_is_offered(scope: Scope) -> None:
    here = [action for action in ACTIONS.values() if action.scope in (scope, Scope.EVERYWHERE)]
    held = [one.keys for one in here] + [one.keys for one in GESTURES.values()]
    keys = Counter(key for keys in held for key in keys)
    assert [key for key, count in keys.items() if count > 1] == []
    assert keys["g"] == 0, "g begins the keys that lead somewhere"


def test_every_action_with_a_key_is_on_the_sheet_of_those_who_may_do_it(
    app: Flask, town: None, moderator: Any, officer: Any
) -> None:
    for browser, role in ((moderator, Role.MODERATOR), (officer, Role.UNIT_OFFICER)):
        page = browser.get("/inbox" if role is Role.MODERATOR else "/unit/").text
        sheet = page[page.index('id="keys"') :]
        with app.test_request_context():
            shown = [
                (str(action.help or action.words), action.keys[0].split()[-1])
                for action in ACTIONS.values()
                if action.keys and role in people.ACTIONS[action.permission]
            ]
        assert shown
        for words, key in shown:
            assert re.search(rf"<dt>{re.escape(words)}</dt><dd>.*<kbd>{re.escape(key)}</kbd>", sheet), words


def test_an_officer_is_told_no_key_of_the_desk(app: Flask, town: None, officer: Any) -> None:
    with app.test_request_context():
        desk_only = str(ACTIONS["convert"].words)
    assert f"<dt>{desk_only}</dt>" not in officer.get("/unit/").text


def test_what_may_be_done_has_the_name_of_its_action() -> None:
    asked = set(re.findall(r'^        "(\w+)":', Path(str(can.__file__)).read_text(), re.MULTILINE))
    # A reply to what is a request already is an answer, too; settling has a button for each verdict.
    assert asked - set(ACTIONS) == {"inform", "settle"}
    assert {"answer", "settle_sent", "settle_unsent"} <= set(ACTIONS)


@pytest.mark.parametrize(
    "line",
    [
        '<button data-key="c">',
        '<a data-go="y" href="#">',
        '<button data-hotkey="g y">',
        "<kbd>c</kbd>",
        '<kbd aria-hidden="true">/</kbd>',
        '<button accesskey="c">',
    ],
)
def test_a_key_in_the_markup_is_found(line: str) -> None:
    assert literal_keys(f"<p>\n{line}\n</p>") == [line]


def test_no_template_names_a_key_but_the_one_that_draws_the_table() -> None:
    files = [file for file in TEMPLATES.rglob("*.html") if file.name != THE_ONE_PLACE]
    assert {file.name: found for file in files if (found := literal_keys(file.read_text()))} == {}


def test_every_action_of_a_template_stands_in_the_table() -> None:
    asked = {
        (table, name)
        for file in TEMPLATES.rglob("*.html")
        for table, name in re.findall(r"\b(actions|gestures)\.(\w+)", file.read_text())
    }
    assert {name for table, name in asked if table == "actions"} <= set(ACTIONS)
    assert {name for table, name in asked if table == "gestures"} <= set(GESTURES)


def test_the_attribute_is_the_one_the_keyboard_looks_for(app: Flask) -> None:
    macros = app.jinja_env.get_template(THE_ONE_PLACE).module
    keyed = macros.keyed  # type: ignore[attr-defined]
    assert str(keyed(ACTIONS["dismiss"])) == ' data-hotkey="e,x"'
    assert str(keyed(ACTIONS["view_new"])) == ' data-hotkey="g y"'
    assert str(keyed(ACTIONS["choose_reason"], 3)) == ' data-hotkey="3"'
    assert str(keyed(ACTIONS["edit"])) == ""
