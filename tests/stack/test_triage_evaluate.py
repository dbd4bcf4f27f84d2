"""`cozum triage evaluate`: its figures, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from stack.triage_evaluate import triage

ROWS = [
    {"text": "Yangın var!", "label": "emergency"},
    {"text": "bina yanıyor yetişin", "label": "emergency", "kind": "fire"},
    {"text": "çok tuhaf bir durum", "label": "emergency"},
    {"text": "çöpler alınmıyor", "label": "request"},
    {"text": "apartmanda gaz kokusu var", "label": "request"},
    {"text": "Teşekkürler başkanım 👏", "label": "praise"},
    {"text": "Nikah için nereye başvurulur?", "label": "question"},
    {"text": "herhangi", "label": "spam"},
]


def written(folder: Path, rows: list[dict[str, str]]) -> str:
    file = folder / "labelled.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n", encoding="utf-8")
    return str(file)


def test_the_figures_are_those_of_the_file(tmp_path: Path) -> None:
    run = CliRunner().invoke(triage, ["evaluate", written(tmp_path, ROWS), "--json"])

    assert run.exit_code == 0, run.output
    figures = json.loads(run.output)
    assert (figures["rows"], figures["left_out"]) == (7, {"spam": 1})
    assert figures["classes"]["emergency"] == {
        "precision": pytest.approx(2 / 3, abs=1e-3),
        "recall": pytest.approx(2 / 3, abs=1e-3),
        "n": 3,
        "per_thousand": {"siren": 250.0, "look_now": 0.0},
    }
    assert figures["classes"]["irrelevant"] == {"precision": None, "recall": None, "n": 0}
    assert figures["misses"] == [{"line": 3, "text": "çok tuhaf bir durum", "intent": "request"}]


def test_the_table_says_the_same_in_words(tmp_path: Path) -> None:
    run = CliRunner().invoke(triage, ["evaluate", written(tmp_path, ROWS)])

    assert run.exit_code == 0
    assert "emergency        0.667     0.667       3" in run.output
    assert "missed, line 3: çok tuhaf bir durum" in run.output
    assert "spam (1)" in run.output


def test_a_line_that_is_no_row_is_named(tmp_path: Path) -> None:
    run = CliRunner().invoke(triage, ["evaluate", written(tmp_path, [ROWS[0], {"words": "x"}])])

    assert run.exit_code == 1
    assert "line 2" in run.output


def test_an_empty_file_divides_by_nothing(tmp_path: Path) -> None:
    run = CliRunner().invoke(triage, ["evaluate", written(tmp_path, []), "--json"])

    assert run.exit_code == 0
    assert json.loads(run.output)["per_thousand"] == {"siren": None, "look_now": None}
