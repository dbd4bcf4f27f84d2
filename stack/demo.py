"""`cozum demo` (make demo): the whole system with the sandbox platforms, on embedded servers only."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from stack import environment, ports, processes, programs, stand_ins, supervisor
from stack.console import say
from stack.parent import Parent
from stack.stand_ins import StandInSecrets
from stack.up import embedded

FIRST_CITIZENS = 25
"""Citizens who have written already when a new demo is opened for the first time."""


@click.command()
@click.option("--port", default=8000, show_default=True, envvar="PORT", help="Port of the web server.")
@click.option(
    "--sandbox-port", default=8001, show_default=True, envvar="SANDBOX_PORT", help="Of the sandbox."
)
@click.option("--stream/--no-stream", default=True, envvar="DEMO_STREAM", help="Citizens who keep writing.")
@click.pass_obj
def demo(folder: Path, port: int, sandbox_port: int, stream: bool) -> None:
    """Run the demo until Ctrl-C. While it runs, DIR/demo.json holds its addresses, users and tokens."""
    parent = Parent.now()
    folder = environment.open_folder(folder)
    lock = processes.claim(folder)
    card = folder / "demo.json"
    card.unlink(missing_ok=True)
    processes.end_leftovers(folder)
    ports.require_free("127.0.0.1", port, setting="PORT=… make demo")
    ports.require_free("127.0.0.1", sandbox_port, setting="SANDBOX_PORT=… make demo")

    servers, urls = embedded(folder, {})
    shared = stand_ins.secrets(folder)
    web_url, sandbox_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sandbox_port}"
    settings = environment.settings_of(
        folder, port=port, database_url=urls["DATABASE_URL"], broker_url=urls["BROKER_URL"]
    )
    env = environment.for_demo(os.environ, settings | stand_ins.platform_settings(shared, sandbox_url))
    environment.publish(folder, env)

    def when_up() -> None:
        rehearsal = json.loads((folder / environment.REHEARSAL).read_text())
        environment.write_private(card, demo_card(shared, rehearsal, web_url, sandbox_url))
        say(welcome(rehearsal, web_url, sandbox_url))

    def when_stopping() -> None:
        card.unlink(missing_ok=True)
        environment.withdraw(folder)

    memory = folder / "sandbox"
    burst = 0 if memory.exists() else FIRST_CITIZENS
    sandbox = programs.sandbox(env, port=sandbox_port, config=folder / environment.SANDBOX, keep=memory)
    people = [programs.citizens(env, sandbox_url=sandbox_url, burst=burst)] if stream else []
    course = supervisor.Course(
        folder=folder,
        stages=[
            *([server] for server in servers),
            [programs.prepare(env, "--rehearsal")],
            [
                sandbox,
                programs.web(env, host="127.0.0.1", port=port),
                programs.worker(env),
                programs.beat(env, schedule=folder / "run" / "beat-schedule"),
            ],
            people,
        ],
        when_up=when_up,
        when_stopping=when_stopping,
    )
    code = supervisor.run(course, parent)
    os.close(lock)
    raise SystemExit(code)


def welcome(rehearsal: Mapping[str, Any], web_url: str, sandbox_url: str) -> str:
    """The text printed when everything runs: the addresses, and whom to sign in as."""
    people = "\n".join(
        f"    {user['role']:14} {user['email']:34} {user['password']}" for user in rehearsal["users"]
    )
    return (
        f"\n  The desk      {web_url}\n  The citizens  {sandbox_url}\n\n  Sign in as\n{people}\n\n"
        "Ctrl-C stops everything."
    )


def demo_card(
    shared: StandInSecrets, rehearsal: Mapping[str, Any], web_url: str, sandbox_url: str
) -> dict[str, object]:
    """The contents of DIR/demo.json."""
    return {
        "web": web_url,
        "sandbox": sandbox_url,
        **rehearsal,
        **stand_ins.hook_card(shared),
    }
