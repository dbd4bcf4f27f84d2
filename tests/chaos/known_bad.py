"""Runs of a settled shape: the slice of `make test-slow`, and those with one thing spoilt on purpose.

A reckoning that always finds nothing proves nothing. For each count there is a switch that spoils the product
(tests/chaos/spoilt) so that this very count, and no other, is found.
"""

from __future__ import annotations

import dataclasses
import secrets
import shutil

import click

from tests.chaos.faults import Lasting
from tests.chaos.run import Plan, run
from tests.chaos.system import Waits

SHORT = Waits(sweep=2.0, poll=6.0, lease=10.0, uncertain=10.0, hang=3.0, rate_limit=5.0)
COMMENTED = ("facebook-belediye", "facebook-baskan", "instagram-belediye", "instagram-baskan")
PUBLIC = ("x-belediye", "x-baskan", *COMMENTED)


@dataclasses.dataclass(frozen=True)
class Switch:
    """One way to spoil the product: the count it must show in, and a run in which it does."""

    count: str
    kinds: tuple[str, ...]
    faults: int
    replies: int = 0
    messages: int = 300
    channels: tuple[str, ...] = PUBLIC
    x_hooks: bool = True
    pairs: float = 0.4
    before: str = ""
    seconds: float = 20
    settle: float = 150  # at most: a busy machine needs more, and who is spoilt may never settle


SWITCHES = {
    "cursor-early": Switch(
        "lost", ("pool_process_killed", "worker_killed"), faults=10, x_hooks=False, messages=400, seconds=45
    ),
    "lock-not-key": Switch(
        "doubled",
        ("duplicate_hook",),
        faults=40,
        before="ALTER TABLE message DROP CONSTRAINT uq_message_platform_external_id;"
        " DROP INDEX uq_raw_event_source_digest",
    ),
    "no-order": Switch("wrong order", ("hang",), faults=10, pairs=1.0, channels=COMMENTED),
    "retry-maybe-sent": Switch(
        "replies doubled", ("accept_then_hang_up",), faults=8, replies=16, channels=COMMENTED
    ),
    "wrong-thread": Switch(
        "replies to the wrong citizen", ("slow",), faults=2, replies=12, channels=COMMENTED
    ),
    "believe-maybe-sent": Switch("replies missing", ("hang",), faults=8, replies=12, channels=COMMENTED),
    "no-look": Switch("unresolved", ("hang",), faults=8, replies=12, channels=COMMENTED, settle=60),
}


def plan(name: str, seed: int) -> Plan:
    """The run of a switch: about a minute."""
    switch = SWITCHES[name]
    return Plan(
        seed=seed,
        messages=switch.messages,
        replies=switch.replies,
        faults=switch.faults,
        seconds=switch.seconds,
        settle=switch.settle,
        kinds=switch.kinds,
        channels=switch.channels,
        waits=SHORT,
        hands=4,
        pairs=switch.pairs,
        x_hooks=switch.x_hooks,
        known_bad=name,
        before=switch.before,
    )


def slice_(seed: int) -> Plan:
    """The two minutes of `make test-slow`: every kind of fault once, and some more."""
    return Plan(
        seed=seed,
        messages=600,
        replies=40,
        faults=26,
        seconds=55,
        settle=180,
        waits=SHORT,
        lasting=Lasting(
            frozen=26.0,
            stopped=2.0,
            black_hole=4.0,
            limited=("x-belediye", "x-baskan", "whatsapp-cozum"),
        ),
        hands=4,
    )


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(sorted(SWITCHES)))
@click.option("--seed", type=int, default=None)
@click.option("--loud", is_flag=True, help="Say what was found.")
def main(names: tuple[str, ...], seed: int | None, loud: bool) -> None:
    """Run each switch (or those NAMED) and see that its count, and no other, finds it. Exits 1 otherwise."""
    failed = False
    for name in names or sorted(SWITCHES):
        drawn = seed if seed is not None else secrets.randbelow(10**6)
        result = run(plan(name, drawn), lambda line: None)
        found = {count for count, times in result.findings.counts.items() if times}
        is_right = found == {SWITCHES[name].count}
        failed |= not is_right
        shutil.rmtree(result.folder, ignore_errors=True)
        click.echo(
            f"{name:20} seed {drawn:6} {result.seconds:4.0f} s  {'as it must be' if is_right else 'WRONG'}: "
            + (
                ", ".join(f"{name} {times}" for name, times in result.findings.counts.items() if times)
                or "nothing"
            )
        )
        for count, lines in result.findings.wrong.items() if loud else ():
            for line in lines[:8]:
                click.echo(f"    {count}: {line}")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
