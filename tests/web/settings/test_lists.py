"""The settings screens: what is typed is kept or told why not, and every change leaves a trace."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from inbox import channels, db, ingest
from inbox.city import lists
from inbox.clock import now
from inbox.models import Category, Channel, HistoryEntry, RawEvent, Reason, ReplyText, SetAside, Unit
from inbox.states import RawEventState, Role
from tests.web.conftest import Browser, signed_in

NAMES = {"name_tr": "Çevre Koruma", "name_en": "Environment", "name_ar": "البيئة"}

ROWS: dict[str, dict[str, Any]] = {
    "units": {**NAMES, "hotline": "444 0 411"},
    "categories": {**NAMES, "stems": "Çukur\nASFALT\n\nçukur", "unit_id": ""},
    "neighbourhoods": {**NAMES, "postcode": "34510", "aliases": "Yeni Mahalle\nYenimahalle"},
    "reasons": {**NAMES, "use": "dismiss"},
    "texts": {
        "key": "acknowledgement",
        "kind": "acknowledgement",
        "outcome": "",
        "language": "tr",
        "scope": "any",
        "voice": "any",
        "variants": "Talebiniz {number} numarasıyla alındı.\n---\n\nNumaranız {number}.\n",
    },
}


def history() -> list[dict[str, Any]]:
    with db.transaction() as session:
        entries = session.scalars(
            select(HistoryEntry).where(HistoryEntry.kind == "settings.changed").order_by(HistoryEntry.id)
        )
        return [{**entry.details, "by": entry.by} for entry in entries]


def rows(kind: str) -> list[Any]:
    with db.transaction() as session:
        return lists.rows(session, kind)


@pytest.mark.parametrize("kind", ROWS)
def test_a_row_is_added_shown_changed_and_taken_out_of_use(administrator: Browser, kind: str) -> None:
    before = {row.id for row in rows(kind)}
    assert administrator.post(f"/settings/{kind}/new", **ROWS[kind], is_active="y").status_code == 303
    (added,) = (row for row in rows(kind) if row.id not in before)
    assert added.is_active
    shown = administrator.get(f"/settings/{kind}").text
    assert f'id="{kind}-{added.id}"' in shown

    form = administrator.get(f"/settings/{kind}/{added.id}")
    assert form.status_code == 200
    changed = {**ROWS[kind], "name_tr": "Çevre", "variants": "Bir metin."}
    assert administrator.post(f"/settings/{kind}/{added.id}", **changed).status_code == 303
    (after,) = (row for row in rows(kind) if row.id == added.id)
    assert not after.is_active
    assert (after.variants == ["Bir metin."]) if kind == "texts" else (after.name_tr == "Çevre")
    assert after.key == added.key

    trail = [entry for entry in history() if entry["list"] == kind]
    assert [entry["what"] for entry in trail] == ["added", "edited"]
    assert "is_active" in trail[1]["fields"]
    assert trail[0]["by"].startswith("user:")


def test_a_key_is_made_from_the_turkish_name(administrator: Browser) -> None:
    administrator.post("/settings/units/new", **{**NAMES, "name_tr": "Isıl İşlem & Şehir Müdürlüğü"})
    assert "isil-islem-sehir-mudurlugu" in {row.key for row in rows("units")}


def test_a_key_is_given_once(administrator: Browser) -> None:
    (roads,) = (row for row in rows("units") if row.key == "roads")
    administrator.post(f"/settings/units/{roads.id}", **NAMES, key="other-key", is_active="y")
    assert {row.key for row in rows("units")} == {"roads", "parks", "iski"}


@pytest.mark.parametrize(
    ("kind", "wrong", "field"),
    [
        ("units", {"name_en": ""}, "name_en"),
        ("units", {"name_tr": "x" * 121}, "name_tr"),
        ("units", {"name_ar": "   "}, "name_ar"),
        ("units", {"key": "roads"}, "key"),
        ("units", {"key": "Fen İşleri"}, "key"),
        ("units", {"name_tr": "!!!", "key": ""}, "key"),
        ("categories", {"unit_id": "999"}, "unit_id"),
        ("categories", {"unit_id": "roads"}, "unit_id"),
        ("reasons", {"use": "burn"}, "use"),
        ("texts", {"variants": " \n---\n "}, "variants"),
        ("texts", {"language": "xx"}, "language"),
        ("texts", {"variants": "Sayın {citizen}"}, "variants"),
        ("texts", {"variants": "{number:ish}"}, "variants"),
        ("texts", {"variants": "{number"}, "variants"),
        ("texts", {"variants": "Merhaba {}"}, "variants"),
        ("texts", {"variants": "Your number is {number:in}", "language": "en"}, "variants"),
    ],
)
def test_a_form_that_fails_names_the_field_and_keeps_what_was_typed(
    administrator: Browser, kind: str, wrong: dict[str, str], field: str
) -> None:
    before = len(rows(kind))
    typed = {**ROWS[kind], "hotline": "444 9 999", **wrong}
    answer = administrator.post(f"/settings/{kind}/new", **typed)
    assert answer.status_code == 422
    assert f'id="{field}-errors"' in answer.text
    assert len(rows(kind)) == before
    kept = {
        "units": "444 9 999",
        "categories": "ASFALT",
        "reasons": "Çevre Koruma",
        "texts": "acknowledgement",
    }
    assert kept[kind] in answer.text


def test_a_form_that_changes_nothing_leaves_no_trace(administrator: Browser) -> None:
    (roads,) = (row for row in rows("units") if row.key == "roads")
    same = {"name_tr": roads.name_tr, "name_en": roads.name_en, "name_ar": roads.name_ar, "is_active": "y"}
    assert administrator.post(f"/settings/units/{roads.id}", **same).status_code == 303
    assert history() == []


def test_stems_are_kept_folded_and_once(administrator: Browser) -> None:
    administrator.post("/settings/categories/new", **ROWS["categories"])
    (category,) = rows("categories")
    assert category.stems == ["cukur", "asfalt"]


def test_a_category_keeps_a_unit_that_is_no_longer_in_use(administrator: Browser) -> None:
    with db.transaction() as session:
        unit = session.scalars(select(Unit).where(Unit.key == "parks")).one()
        unit.is_active = False
        session.add(Category(key="trees", name_tr="Ağaç", name_en="Tree", name_ar="x", unit_id=unit.id))
    (category,) = rows("categories")
    fields = {"name_tr": "Ağaçlar", "name_en": "Tree", "name_ar": "x", "unit_id": category.unit_id}
    assert administrator.post(f"/settings/categories/{category.id}", **fields).status_code == 303
    (after,) = rows("categories")
    assert (after.name_tr, after.unit_id) == ("Ağaçlar", unit.id)


def test_lists_stand_in_turkish_alphabetical_order(administrator: Browser) -> None:
    for name in ("Zafer", "Çınar", "Cumhuriyet", "İncirtepe", "Ilıca", "Şehitler", "Saadetdere"):
        administrator.post("/settings/neighbourhoods/new", **{**NAMES, "name_tr": name}, is_active="y")
    shown = administrator.get("/settings/neighbourhoods").text
    found = re.findall(r"<td>(\w+)<div", shown)
    assert found == ["Cumhuriyet", "Çınar", "Ilıca", "İncirtepe", "Saadetdere", "Şehitler", "Zafer"]


def test_a_supervisor_reads_the_settings_and_changes_nothing(supervisor: Browser) -> None:
    supervisor.page = "/account"
    for kind in ROWS:
        shown = supervisor.get(f"/settings/{kind}")
        assert shown.status_code == 200
        assert "/new" not in shown.text
    assert supervisor.post("/settings/units/new", **NAMES).status_code == 403
    assert len(rows("units")) == 3


def test_there_is_no_sixth_list(administrator: Browser) -> None:
    assert administrator.get("/settings/secrets").status_code == 404
    assert administrator.get("/settings/units/999").status_code == 404


def test_what_was_typed_is_shown_and_never_run(administrator: Browser) -> None:
    administrator.post("/settings/units/new", **{**NAMES, "name_tr": "<script>alert(1)</script>", "key": "x"})
    shown = administrator.get("/settings/units").text
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown


# --- channels ---------------------------------------------------------------------------------------


@pytest.fixture
def channel(town: None) -> str:
    with db.transaction() as session:
        session.add(Channel(key="x-belediye", platform="x", external_id="1500000001", name="Belediye X"))
    return "x-belediye"


def stored(key: str) -> dict[str, str]:
    with db.transaction() as session:
        found = session.scalars(select(Channel).where(Channel.key == key)).one()
        return {name: secret.get_secret_value() for name, secret in channels.credentials(found).items()}


def test_credentials_are_stored_encrypted_and_never_shown_again(app: Flask, channel: str) -> None:
    administrator = signed_in(app, Role.ADMINISTRATOR)
    form = administrator.get(f"/settings/channels/{channel}").text
    names = re.findall(r'name="secret_(\w+)"', form)
    assert names
    sent = {f"secret_{name}": f"very-secret-{name}" for name in names}
    assert administrator.post(f"/settings/channels/{channel}/credentials", **sent).status_code == 303
    assert stored(channel) == {name: f"very-secret-{name}" for name in names}
    assert "very-secret" not in administrator.get(f"/settings/channels/{channel}").text
    with db.transaction() as session:
        kept = session.scalars(select(Channel.credentials).where(Channel.key == channel)).one()
        trail = [entry.details for entry in session.scalars(select(HistoryEntry))]
    assert kept is not None
    assert b"very-secret" not in kept
    assert "very-secret" not in str(trail)


def test_one_secret_can_be_replaced_while_the_others_stay(app: Flask, channel: str) -> None:
    with db.transaction() as session:
        found = session.scalars(select(Channel).where(Channel.key == channel)).one()
        channels.set_credentials(session, found, {"a": "1"}, by="test")
    administrator = signed_in(app, Role.ADMINISTRATOR)
    first = re.findall(r'name="secret_(\w+)"', administrator.get(f"/settings/channels/{channel}").text)[0]
    administrator.post(f"/settings/channels/{channel}/credentials", **{f"secret_{first}": "new"})
    administrator.post(f"/settings/channels/{channel}/credentials", **{f"secret_{first}": " "})
    assert stored(channel) == {"a": "1", first: "new"}


def test_a_channel_is_renamed_and_taken_out_of_use(app: Flask, channel: str) -> None:
    administrator = signed_in(app, Role.ADMINISTRATOR)
    sent = administrator.post(f"/settings/channels/{channel}", name="Belediye (X)", voice="mayor")
    assert sent.status_code == 303
    with db.transaction() as session:
        found = session.scalars(select(Channel)).one()
    assert (found.name, found.voice, found.is_active) == ("Belediye (X)", "mayor", False)
    assert history()[-1]["fields"] == ["is_active", "name", "voice"]
    answer = administrator.post(f"/settings/channels/{channel}", name="", voice="bird")
    assert answer.status_code == 422


def test_what_was_set_aside_is_listed_with_its_reason_and_can_be_read_again(app: Flask, town: None) -> None:
    with db.transaction() as session:
        event = RawEvent(
            source="hook:meta",
            body=b"{}",
            digest=b"1",
            received_at=now(),
            state=RawEventState.SET_ASIDE,
            error="UnreadablePayload at normalise:12",
        )
        session.add(event)
        session.flush()
        session.add(
            SetAside(raw_event_id=event.id, position=-1, kind="unsupported", what="field:x", first_at=now())
        )
        ingest.count_rejected(session, "x")
    administrator = signed_in(app, Role.ADMINISTRATOR)
    shown = administrator.get("/settings/set-aside").text
    assert "field:x" in shown
    assert "UnreadablePayload at normalise:12" in shown
    assert 'id="hook-x"' in shown
    assert administrator.post(f"/settings/set-aside/{event.id}/replay").status_code == 303
    with db.transaction() as session:
        assert session.scalars(select(RawEvent.state)).one() is RawEventState.PENDING
    assert "field:x" not in administrator.get("/settings/set-aside").text


def test_old_entries_are_reached_page_by_page(app: Flask, town: None) -> None:
    with db.transaction() as session:
        event = RawEvent(source="hook:meta", body=b"{}", digest=b"1", received_at=now())
        session.add(event)
        session.flush()
        for position in range(60):
            session.add(
                SetAside(
                    raw_event_id=event.id,
                    position=position,
                    kind="failed",
                    what=f"n{position}",
                    first_at=now(),
                )
            )
    administrator = signed_in(app, Role.ADMINISTRATOR)
    first = administrator.get("/settings/set-aside").text
    older = re.search(r'href="(/settings/set-aside\?before=\d+)"', first)
    assert older is not None
    second = administrator.get(older[1]).text
    seen = re.findall(r"<code>(n\d+)</code>", first) + re.findall(r"<code>(n\d+)</code>", second)
    assert seen == [f"n{position}" for position in reversed(range(60))]


def test_reasons_of_two_uses_may_share_a_key(administrator: Browser) -> None:
    for use in ("dismiss", "return"):
        assert administrator.post("/settings/reasons/new", **{**NAMES, "use": use}).status_code == 303
    with db.transaction() as session:
        assert len(set(session.scalars(select(Reason.key)))) == 1


def test_a_text_comes_back_into_its_form_as_it_was_typed(administrator: Browser) -> None:
    administrator.post("/settings/texts/new", **ROWS["texts"])
    with db.transaction() as session:
        text = session.scalars(select(ReplyText)).one()
    assert text.variants == ["Talebiniz {number} numarasıyla alındı.", "Numaranız {number}."]
    shown = administrator.get(f"/settings/texts/{text.id}").text
    assert "alındı.\n---\nNumaranız" in shown.replace("\r", "")


def test_all_that_was_set_aside_is_read_again_by_one_button_of_the_administrators(
    app: Flask, town: None
) -> None:
    with db.transaction() as session:
        for number in range(3):
            event = RawEvent(
                source="hook:meta",
                body=b"{}",
                digest=b"%d" % number,
                received_at=now(),
                attempts=5,
                state=RawEventState.SET_ASIDE,
            )
            session.add(event)
            session.flush()
            session.add(
                SetAside(raw_event_id=event.id, position=-1, kind="failed", what="KeyError", first_at=now())
            )

    assert signed_in(app, Role.SUPERVISOR).post("/settings/set-aside/replay").status_code == 403
    administrator = signed_in(app, Role.ADMINISTRATOR)
    assert 'action="/settings/set-aside/replay"' in administrator.get("/settings/set-aside").text
    assert administrator.post("/settings/set-aside/replay").status_code == 303

    with db.transaction() as session:
        assert set(session.scalars(select(RawEvent.state))) == {RawEventState.PENDING}
        assert None not in session.scalars(select(SetAside.resolved_at)).all()
