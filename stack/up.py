"""`cozum up`: runs the system for real use, with external or embedded database and broker."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from stack import environment, ports, postgres, processes, programs, supervisor, valkey
from stack.console import say
from stack.errors import StackError
from stack.parent import Parent
from stack.programs import Program

OURS = ("web", "worker", "beat")


@click.command()
@click.option(
    "--only", default=",".join(OURS), show_default=True, help="Which processes to run on this machine."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the web server.")
@click.option("--port", default=8000, show_default=True, envvar="PORT", help="Port of the web server.")
@click.pass_obj
def up(folder: Path, only: str, host: str, port: int) -> None:
    """Run the system until Ctrl-C, and restart processes that end.

    DATABASE_URL and BROKER_URL name servers of your own; without them, embedded ones keep their data in DIR.
    """
    wanted = _wanted(only)
    parent = Parent.now()
    given = {name: os.environ[name] for name in environment.URLS if os.environ.get(name)}
    if set(wanted) != set(OURS) and len(given) < len(environment.URLS):
        raise StackError(
            "--only is for several machines with shared servers: set DATABASE_URL and BROKER_URL."
        )
    folder = environment.open_folder(folder)
    lock = processes.claim(folder)
    processes.end_leftovers(folder)
    if "web" in wanted:
        ports.require_free(host, port, setting="cozum up --port N")

    servers, urls = embedded(folder, given)
    settings = environment.settings_of(
        folder, port=port, database_url=urls["DATABASE_URL"], broker_url=urls["BROKER_URL"]
    )
    env = environment.for_real_use(os.environ, settings)
    ours = {
        "web": programs.web(env, host=host, port=port),
        "worker": programs.worker(env),
        "beat": programs.beat(env, schedule=folder / "run" / "beat-schedule"),
    }
    environment.publish(folder, env)

    def when_up() -> None:
        say(
            f"Çözüm is running: {env['COZUM_PUBLIC_URL']}"
            if "web" in wanted
            else f"Running: {', '.join(wanted)}."
        )

    course = supervisor.Course(
        folder=folder,
        stages=[*([server] for server in servers), [programs.prepare(env)], [ours[name] for name in wanted]],
        when_up=when_up,
        when_stopping=lambda: environment.withdraw(folder),
    )
    code = supervisor.run(course, parent)
    os.close(lock)
    raise SystemExit(code)


def _wanted(only: str) -> Sequence[str]:
    names = [name.strip() for name in only.split(",") if name.strip()]
    unknown = [name for name in names if name not in OURS]
    if unknown or not names:
        raise StackError(f"--only takes a list of {', '.join(OURS)}; not {only!r}.")
    return names


def embedded(folder: Path, given: Mapping[str, str]) -> tuple[list[Program], dict[str, str]]:
    """The programs of the embedded servers for which `given` has no URL, and the URLs of all servers."""
    servers, urls = [], dict(given)
    if "DATABASE_URL" not in given:
        server = postgres.server_in(folder)
        if not server.cluster.exists():
            say("Creating the database (first start only).")
        postgres.initialise(server)
        postgres.wait_for_predecessor(server)
        servers.append(programs.database(server))
        urls["DATABASE_URL"] = server.url
    if "BROKER_URL" not in given:
        broker = valkey.broker_in(folder)
        servers.append(programs.broker(broker))
        urls["BROKER_URL"] = broker.url
    return servers, urls
