"""The sandbox as a process of its own, and the settings it reads."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.config import ConfigError, read_config


def _started(folder: Path, config: dict[str, Any]) -> tuple[subprocess.Popen[str], str]:
    file = folder / "config.json"
    file.write_text(json.dumps(config), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "--port",
        "0",
        "--config",
        str(file),
        "--dir",
        str(folder / "d"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
    assert process.stdout is not None
    return process, process.stdout.readline().split()[-1]


def test_what_was_said_survives_a_kill_of_the_process(tmp_path: Path) -> None:
    process, url = _started(tmp_path, {})
    body = {"channel": "instagram-baskan", "author": "Ayşe Yılmaz", "text": "kalsın"}
    id = requests.post(f"{url}/_control/say", json=body, timeout=10).json()["external_id"]
    process.kill()
    process.communicate(timeout=10)
    process, url = _started(tmp_path, {})
    posts = requests.get(f"{url}/_control/threads?channel=instagram-baskan", timeout=10).json()["posts"]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert [one["external_id"] for one in posts[0]["replies"]] == [id]
    assert process.returncode == 0


def test_a_config_that_names_unknown_things_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text('{"colour": "red"}', encoding="utf-8")
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--config", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    assert ended.returncode == 2
    assert "colour" in ended.stderr


@pytest.mark.parametrize(
    ("change", "named"),
    [({"platform": "fax"}, "fax"), ({"name": None, "colour": 1}, "colour"), ({"token": ...}, "token")],
)
def test_a_channel_that_cannot_be_read_is_named(change: dict[str, Any], named: str) -> None:
    channel = {
        "key": "x-belediye",
        "platform": "x",
        "name": "Belediye",
        "handle": "b",
        "external_id": "1",
        "token": "t",
        **change,
    }
    channel = {name: value for name, value in channel.items() if value is not ...}
    with pytest.raises(ConfigError, match=named):
        read_config({"channels": [channel]})


def test_the_clock_file_moves_the_sandbox_ahead(tmp_path: Path) -> None:
    shift = tmp_path / "clock"
    process, url = _started(tmp_path, {"clock_file": str(shift)})
    before = requests.get(f"{url}/_control/health", timeout=10).json()["now"]
    shift.write_text("864000", encoding="ascii")
    after = requests.get(f"{url}/_control/health", timeout=10).json()["now"]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert after[:10] > before[:10]
