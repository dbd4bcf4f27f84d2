"""Tests run in several processes, and those of one file stay in one: they share what is costly to make."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILE = """
import os, pathlib, pytest

@pytest.mark.parametrize("number", range(8))
def test_it(number):
    with pathlib.Path({seen!r}).open("a") as seen:
        seen.write(f"{{os.getpid()}}\\n")
"""


def test_the_tests_of_one_file_stay_in_one_process(tmp_path: Path) -> None:
    options = re.search(r"^SIDE_BY_SIDE := (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert options is not None
    names = [f"test_{number}" for number in range(4)]
    for name in names:
        (tmp_path / f"{name}.py").write_text(FILE.format(seen=str(tmp_path / f"{name}.seen")))

    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options[1].split(), str(tmp_path)]
    subprocess.run(run, cwd=tmp_path, check=True, capture_output=True)

    processes = [set((tmp_path / f"{name}.seen").read_text().split()) for name in names]
    assert [len(one) for one in processes] == [1] * len(names)
    assert len(set.union(*processes)) == 2
