"""The bench runs, and every figure is there and sane. How fast it was is nothing for a test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.timeout(280)
def test_a_few_seconds_of_the_bench_give_every_figure_and_leave_no_process(tmp_path: Path) -> None:
    mark = tmp_path.name
    file = tmp_path / "bench.json"
    ran = subprocess.run(
        [sys.executable, "-m", "bench", "--smoke", "--json", str(file)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=270,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr[-4000:]
    found = json.loads(file.read_text())
    for part in ("ours", "floor_gunicorn", "floor_granian", "generator"):
        rates = found["intake"][part]
        assert rates["rate"] > 0
        assert 0 < rates["p50_ms"] <= rates["p99_ms"]
    assert 0 < found["intake"]["ratio_least"] <= found["intake"]["ratio"] <= found["intake"]["ratio_most"]
    through = found["end_to_end"]
    assert 0 < through["rate"] <= through["intake_meanwhile"]
    assert 0 < through["visible_p50_ms"] <= through["visible_p99_ms"]
    assert found["replies"]["rate"] > 0
    assert found["replies"]["bare"] > 0
    assert found["streams"]["alone"]["rate"] > 0
    assert found["streams"]["beside"]["rate"] > 0
    assert found["streams"]["stop_seconds"] > 0
    for late in (found["streams"]["late"], found["streams"]["late_beside_hooks"]):
        assert 0 < late["p50_ms"] <= late["p99_ms"] <= late["last_most_ms"]
    growth = {name: one for name, one in found["growth"].items() if isinstance(one, dict)}
    assert {"intake", "end_to_end", "inbox_new", "claim_bodies", "claim_replies", "search_rare"} <= set(
        growth
    )
    assert all(one["small_ms"] > 0 and one["large_ms"] > 0 and one["ratio"] > 0 for one in growth.values())
    assert "INTAKE" in ran.stdout
    assert not [
        one.pid for one in psutil.process_iter(["cmdline"]) if mark in " ".join(one.info["cmdline"] or ())
    ]
