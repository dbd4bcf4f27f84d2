"""Nothing is lost or posted twice, whatever dies: two minutes of chaos, and each of its known-bads."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox.faults import FAULTS
from tests.chaos import faults, known_bad
from tests.chaos.reckoning import COUNTS

ROOT = Path(__file__).parents[1]
MINUTES = pytest.mark.timeout(420)
LONGEST_SECONDS = 360  # on a busy machine; alone the slice takes two minutes, a known-bad run one


def chaos(file: Path, *options: str) -> Any:
    """What a run found, after its exit code was seen to fit it."""
    runner = subprocess.Popen(
        [sys.executable, "-m", "tests.chaos", "--json", str(file), *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = runner.communicate(timeout=LONGEST_SECONDS)
    except subprocess.TimeoutExpired:
        runner.send_signal(signal.SIGINT)  # it stops what it started
        output, _ = runner.communicate(timeout=60)
    told = output.decode(errors="replace")
    print(told)  # noqa: T201 - the seed and the findings, for whoever reads of a failure
    assert file.exists(), f"the run broke off:\n{told[-3000:]}"
    found = json.loads(file.read_text())
    assert (runner.returncode == 0) == (not any(found["counts"].values())), told[-3000:]
    return found


@pytest.mark.slow
@MINUTES
def test_two_minutes_of_every_fault_lose_nothing_and_post_nothing_twice(tmp_path: Path) -> None:
    found = chaos(tmp_path / "slice.json", "--slice")

    assert found["counts"] == dict.fromkeys(COUNTS, 0), f"seed {found['seed']}: {found['wrong']}"
    assert set(found["faults"]) == set(faults.ALL), "every kind of fault happened"
    assert found["said"] >= 500
    assert found["approved"] >= 35


@pytest.mark.slow
@MINUTES
@pytest.mark.parametrize("switch", sorted(known_bad.SWITCHES))
def test_what_is_spoilt_on_purpose_is_found_in_its_own_count(tmp_path: Path, switch: str) -> None:
    found = chaos(tmp_path / "known-bad.json", "--known-bad", switch)

    spoilt = known_bad.SWITCHES[switch].count
    assert {count for count, times in found["counts"].items() if times} == {spoilt}, f"seed {found['seed']}"


def test_there_is_a_switch_for_each_count() -> None:
    assert {switch.count for switch in known_bad.SWITCHES.values()} == set(COUNTS)


def test_every_fault_that_the_platforms_know_happens() -> None:
    assert set(FAULTS) <= set(faults.ALL)
