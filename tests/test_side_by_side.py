"""How the tests are run: in two lanes, by several processes; one file shares what is costly to make."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

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


STEPS = ["check", "test", "test-slow"]


@pytest.mark.parametrize("failing", [None, *STEPS])
def test_what_lands_has_passed_the_checks_and_both_lanes_of_tests(
    tmp_path: Path, failing: str | None
) -> None:
    make = tmp_path / "make"
    make.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/ran\ntest "$1" != "{failing}"\n')
    make.chmod(0o755)

    ran = subprocess.run(
        [ROOT / ".ci" / "run"], env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}, check=False
    )

    assert (ran.returncode == 0) == (failing is None)
    last = STEPS.index(failing) if failing else len(STEPS) - 1
    assert (tmp_path / "ran").read_text().split() == STEPS[: last + 1]


def test_each_test_is_in_one_lane(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\n\ndef test_short(): ...\n\n@pytest.mark.slow\ndef test_long(): ...\n"
    )
    makefile = (ROOT / "Makefile").read_text()
    lanes = {}
    for target in ("test", "test-slow"):
        found = re.search(rf"^{target}:.*\n\t.*pytest -m ('[^']*'|\w+) ", makefile, re.M)
        assert found is not None
        run = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-n", "0", "-p", "no:cacheprovider"]
        run += ["-c", str(ROOT / "pyproject.toml"), "-m", found[1].strip("'"), str(tmp_path / "test_it.py")]
        told = subprocess.run(run, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
        lanes[target] = re.findall(r"::(\w+)", told)
    assert lanes == {"test": ["test_short"], "test-slow": ["test_long"]}
