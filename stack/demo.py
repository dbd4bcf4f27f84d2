"""`cozum demo` (make demo): the whole system with the sandbox platforms, on embedded servers only."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from stack import environment, ports, processes, programs, rehearsal, supervisor
from stack.console import say
from stack.environment import Secrets
from stack.parent import Parent
from stack.up import embedded


@click.command()
@click.option("--port", default=8000, show_default=True, envvar="PORT", help="Port of the web server.")
@click.option(
    "--sandbox-port", default=8001, show_default=True, envvar="SANDBOX_PORT", help="Of the sandbox."
)
@click.option("--stream/--no-stream", default=True, envvar="DEMO_STREAM", help="Citizens who keep writing.")
@click.pass_obj
def demo(folder: Path, port: int, sandbox_port: int, stream: bool) -> None:
    """Run the demo until Ctrl-C. What it needs to be driven stands in DIR/demo.json while it runs."""
    parent = Parent.now()
    folder = environment.open_folder(folder)
    lock = processes.claim(folder)
    card = folder / "demo.json"
    card.unlink(missing_ok=True)
    processes.end_leftovers(folder)
    ports.require_free("127.0.0.1", port, setting="PORT=… make demo")
    ports.require_free("127.0.0.1", sandbox_port, setting="SANDBOX_PORT=… make demo")

    servers, urls = embedded(folder, {})
    drawn = environment.secrets_of(folder)
    web_url, sandbox_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sandbox_port}"
    settings = environment.settings_of(
        folder, port=port, database_url=urls["DATABASE_URL"], broker_url=urls["BROKER_URL"]
    )
    env = environment.for_demo(os.environ, settings | platform_settings(drawn, sandbox_url))
    sandbox_config = folder / "sandbox.json"
    environment.write_private(sandbox_config, sandbox_settings(folder, drawn, web_url))
    environment.publish(folder, env)

    def when_up() -> None:
        environment.write_private(card, demo_card(drawn, rehearsal.told(folder), web_url, sandbox_url))
        say(f"\n  Çözüm      {web_url}\n  Citizens   {sandbox_url}\n\nCtrl-C stops all of it.")

    def when_stopping() -> None:
        card.unlink(missing_ok=True)
        environment.withdraw(folder)

    sandbox = programs.sandbox(env, port=sandbox_port, config=sandbox_config, keep=folder / "sandbox")
    course = supervisor.Course(
        folder=folder,
        stages=[
            *([server] for server in servers),
            [programs.prepare(env, "--rehearsal")],
            [sandbox],
            [
                programs.web(env, host="127.0.0.1", port=port),
                programs.worker(env),
                programs.beat(env, schedule=folder / "run" / "beat-schedule"),
            ],
        ],
        when_up=when_up,
        when_stopping=when_stopping,
    )
    code = supervisor.run(course, parent)
    os.close(lock)
    raise SystemExit(code)


def platform_settings(drawn: Secrets, sandbox_url: str) -> dict[str, str]:
    """The settings that turn the platforms' own addresses and secrets into the sandbox's."""
    graph = f"{sandbox_url}/graph"
    urls = {"x": f"{sandbox_url}/x", "facebook": graph, "instagram": graph, "whatsapp": graph}
    return {
        "COZUM_API_URLS": json.dumps(urls),
        "COZUM_META_APP_SECRETS": json.dumps([drawn.meta_app_secret]),
        "COZUM_X_CONSUMER_SECRETS": json.dumps([drawn.x_consumer_secret]),
        "COZUM_POLL_SECONDS": "2",
        "COZUM_SWEEP_SECONDS": "5",
        "COZUM_COOKIE_SECURE": "false",
    }


def sandbox_settings(folder: Path, drawn: Secrets, web_url: str) -> dict[str, object]:
    """What the sandbox is told."""
    return {
        "hook_base_url": web_url,
        "meta_app_secret": drawn.meta_app_secret,
        "meta_verify_token": drawn.meta_verify_token,
        "x_consumer_key": drawn.x_consumer_key,
        "x_consumer_secret": drawn.x_consumer_secret,
        "clock_file": str(folder / "clock"),
    }


def demo_card(
    drawn: Secrets, told: rehearsal.Rehearsal, web_url: str, sandbox_url: str
) -> dict[str, object]:
    """What DIR/demo.json holds."""
    return {
        "web": web_url,
        "sandbox": sandbox_url,
        **told.model_dump(),
        "meta_app_secret": drawn.meta_app_secret,
        "meta_verify_token": drawn.meta_verify_token,
        "x_consumer_secret": drawn.x_consumer_secret,
    }
