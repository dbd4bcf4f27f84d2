"""`cozum triage evaluate FILE`: measures how well the city's vocabulary classifies labelled messages.

Needs no running system. FILE is JSON lines of `text` and `label`. Rows whose label is not an intent are left
out and counted, so one file can serve other evaluations too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from inbox.states import Intent, Urgency
from inbox.understanding.vocabulary import Assessment, Vocabulary, assess

ESENYURT = Path(__file__).parents[1] / "cities" / "esenyurt"


class _Row(BaseModel):
    """One line of the file. Other fields are ignored."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Judged:
    """One labelled message and the triage's assessment of it."""

    line: int
    text: str
    label: Intent
    assessment: Assessment


def _rows(file: Path) -> Iterator[tuple[int, _Row]]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield number, _Row.model_validate(json.loads(line))
            except (json.JSONDecodeError, ValidationError) as error:
                raise click.ClickException(
                    f"{file}, line {number}: no text and label in it ({error})"
                ) from error


def judge(file: Path, vocabulary: Vocabulary) -> tuple[list[Judged], Counter[str]]:
    """Assess every row whose label is an intent. Also returns the number of rows left out, by label."""
    judged: list[Judged] = []
    left_out: Counter[str] = Counter()
    intents = {intent.value for intent in Intent}
    for line, row in _rows(file):
        if row.label not in intents:
            left_out[row.label] += 1
            continue
        judged.append(Judged(line, row.text, Intent(row.label), assess(row.text, vocabulary)))
    return judged, left_out


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def report(judged: Sequence[Judged], left_out: Counter[str]) -> dict[str, Any]:
    """The figures: for each intent precision, recall and n (its rows); None instead of a division by zero.

    `per_thousand` is the number of false alarms of each tier per thousand messages that are not emergencies.
    `misses` are the emergencies classified as something else.
    """
    classes: dict[str, dict[str, Any]] = {}
    for intent in Intent:
        labelled = [row for row in judged if row.label is intent]
        assigned = [row for row in judged if row.assessment.intent is intent]
        right = sum(row.assessment.intent is intent for row in labelled)
        classes[intent.value] = {
            "precision": _share(right, len(assigned)),
            "recall": _share(right, len(labelled)),
            "n": len(labelled),
        }
    others = [row for row in judged if row.label is not Intent.EMERGENCY]
    alarms = Counter(row.assessment.urgency for row in others)
    per_thousand = {
        tier.value: round(1000 * alarms[tier] / len(others), 3) if others else None
        for tier in (Urgency.SIREN, Urgency.LOOK_NOW)
    }
    classes[Intent.EMERGENCY.value]["per_thousand"] = per_thousand
    return {
        "rows": len(judged),
        "left_out": dict(left_out.most_common()),
        "classes": classes,
        "per_thousand": per_thousand,
        "misses": [
            {"line": row.line, "text": row.text, "intent": row.assessment.intent.value}
            for row in judged
            if row.label is Intent.EMERGENCY and row.assessment.intent is not Intent.EMERGENCY
        ],
    }


def _as_text(figures: dict[str, Any]) -> Iterator[str]:
    yield f"{'intent':<12}{'precision':>10}{'recall':>10}{'n':>8}"
    for intent, found in figures["classes"].items():
        shares = ["-" if found[name] is None else f"{found[name]:.3f}" for name in ("precision", "recall")]
        yield f"{intent:<12}{shares[0]:>10}{shares[1]:>10}{found['n']:>8}"
    for tier, count in figures["per_thousand"].items():
        yield f"false alarms per thousand, {tier}: {'-' if count is None else count}"
    if figures["left_out"]:
        kinds = ", ".join(f"{label} ({count})" for label, count in figures["left_out"].items())
        yield f"left out, not an intent: {kinds}"
    for miss in figures["misses"]:
        yield f"missed, line {miss['line']}: {miss['text']}"


def read_vocabulary(folder: Path) -> Vocabulary:
    """The vocabulary of one city's folder. Raises ClickException naming what is wrong with it."""
    file = folder / "vocabulary.yaml"
    try:
        return Vocabulary.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise click.ClickException(f"{file}: {error}") from error


@click.group()
def triage() -> None:
    """Measure the triage."""


@triage.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Figures as JSON instead of a table.")
@click.option(
    "--city",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=ESENYURT,
    help="The folder of the city whose vocabulary is measured.",
)
def evaluate(file: Path, as_json: bool, city: Path) -> None:
    """Measure the triage on FILE, JSON lines of `text` and `label`."""
    figures = report(*judge(file, read_vocabulary(city)))
    if as_json:
        click.echo(json.dumps(figures, ensure_ascii=False, indent=2))
        return
    for line in _as_text(figures):
        click.echo(line)
