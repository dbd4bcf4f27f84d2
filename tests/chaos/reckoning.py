"""The reckoning: what the platforms show against what the system holds, message by message, reply by reply.

It reads the sandbox's public truth, the runner's own ledger and the system's tables; it asks nothing of the
product's code, so that it cannot agree with its mistakes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from tests.chaos.desk import number_in
from tests.chaos.ledger import Ledger, Promise
from tests.chaos.stream import CHANNELS
from tests.chaos.system import System
from tests.chaos.truth import Entry, Truth

COUNTS = (
    "lost",
    "doubled",
    "wrong order",
    "replies doubled",
    "replies to the wrong citizen",
    "replies missing",
    "unresolved",
)
"""Each must be 0. They exclude one another: what is unresolved is not missing as well."""


@dataclass
class Findings:
    """What is wrong, by count, each with a line for people; and what is not wrong but must be said."""

    wrong: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in COUNTS})
    needing_a_person: list[str] = field(default_factory=list)  # WhatsApp replies whose answer was lost
    refused: int = 0  # by the platform, and not to be said anew by the API
    messages: int = 0
    replies: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """How many of each."""
        return {name: len(found) for name, found in self.wrong.items()}

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong."""
        return not any(self.counts.values())


def reckon(system: System, ledger: Ledger) -> Findings:
    """Compare all of it."""
    truth = Truth.of(system, CHANNELS)
    findings = Findings(messages=len(truth.citizens), replies=len(truth.ours))
    rows, sendings = _rows(system), _sendings(system)
    sent: set[tuple[str, str | None]] = {
        (one.platform, one.external_id) for one in sendings.values() if one.external_id
    }
    _messages(findings, truth, rows, ledger, sent)
    _order_of_messages(findings, truth, rows)
    _replies(findings, truth, ledger, sendings)
    return findings


# --- messages -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A message as the system holds it."""

    id: int
    platform: str
    external_id: str
    text: str
    sent_at: datetime
    deleted_at: datetime | None
    is_ours: bool
    thread: int | None
    author: int | None
    state: str | None


def _rows(system: System) -> list[Row]:
    return [
        Row(*values)
        for values in system.rows(
            "SELECT id, platform, external_id, text, sent_at, deleted_at, is_ours, thread_id, author_id,"
            " state FROM message ORDER BY id"
        )
    ]


def _messages(
    findings: Findings,
    truth: Truth,
    rows: list[Row],
    ledger: Ledger,
    sent: set[tuple[str, str | None]],
) -> None:
    held: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if not row.is_ours:
            held[row.platform, row.external_id].append(row)
    for key, said in truth.citizens.items():
        lost = _what_is_lost(said, held.get(key, []))
        if lost:
            findings.wrong["lost"].append(f"{said.channel} {said.external_id}: {lost}")
    for key, known in held.items():
        if len(known) > 1:
            findings.wrong["doubled"].append(f"{key[0]} {key[1]}: {len(known)} rows")
        if key not in truth.citizens:
            findings.wrong["doubled"].append(f"{key[0]} {key[1]}: said by nobody")
    told = {(said.channel.partition("-")[0], said.external_id) for said in ledger.said}
    for key in told - truth.citizens.keys():
        findings.wrong["lost"].append(f"{key[0]} {key[1]}: not even in the truth")
    _citizens(findings, truth, held)
    twice = {(row.platform, row.external_id) for row in rows if row.is_ours} & sent
    findings.wrong["doubled"] += [f"{platform} {id}: a reply, and a message too" for platform, id in twice]


def _what_is_lost(said: Entry, known: list[Row]) -> str:
    if not known:
        return "the message"
    if len(known) > 1:
        return ""  # counted as doubled; which of them later facts found is no second mistake
    row = known[0]
    if row.text != said.text:
        return f"its latest text: {row.text!r} for {said.text!r}"
    if said.deleted and row.deleted_at is None:
        return "its deletion"
    if not said.deleted and row.deleted_at is not None:
        return "it: marked as deleted, and still there"
    if row.state is None:
        return "its triage"
    return ""


def _citizens(findings: Findings, truth: Truth, held: dict[tuple[str, str], list[Row]]) -> None:
    """One citizen of one account is one contact, and one contact one citizen."""
    contacts: dict[tuple[str, str, str], set[int | None]] = defaultdict(set)
    people: dict[int | None, set[tuple[str, str]]] = defaultdict(set)
    for key, said in truth.citizens.items():
        for row in held.get(key, []):
            contacts[said.platform, said.author_id, said.author_id].add(row.author)
            people[row.author].add((said.platform, said.author_id))
    for (platform, citizen, _), found in contacts.items():
        if len(found) > 1:
            findings.wrong["doubled"].append(f"{platform} citizen {citizen}: {len(found)} contacts")
    for contact, who in people.items():
        if len(who) > 1:
            findings.wrong["doubled"].append(f"contact {contact} is {len(who)} citizens")


def _order_of_messages(findings: Findings, truth: Truth, rows: Iterable[Row]) -> None:
    """The messages of a thread as the desk shows them, by the platform's clock, which tells whole seconds.

    Of a message that is there twice the first row counts here: it is counted as doubled already.
    """
    threads: dict[int, list[Row]] = defaultdict(list)
    first = {(row.platform, row.external_id): row for row in sorted(rows, key=lambda row: -row.id)}
    for row in sorted(first.values(), key=lambda row: (row.sent_at, row.id)):
        if row.thread is not None and not row.is_ours:
            threads[row.thread].append(row)
    for thread, shown in threads.items():
        said = [truth.citizens.get((row.platform, row.external_id)) for row in shown]
        moments = [one.sent_at.replace(microsecond=0) for one in said if one is not None]
        if any(earlier > later for earlier, later in pairwise(moments)):
            told = ", ".join(f"{row.external_id} at {row.sent_at:%H:%M:%S}" for row in shown)
            findings.wrong["wrong order"].append(f"messages of {shown[0].platform} thread {thread}: {told}")


# --- replies ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sending:
    """A reply as the system holds it."""

    id: int
    state: str
    platform: str
    external_id: str | None
    text: str
    failure: str | None


def _sendings(system: System) -> dict[int, Sending]:
    found = system.rows("SELECT id, state, platform, external_id, text, failure FROM reply")
    return {values[0]: Sending(*values) for values in found}


def _replies(findings: Findings, truth: Truth, ledger: Ledger, sendings: dict[int, Sending]) -> None:
    by_tag: dict[str, list[Promise]] = defaultdict(list)
    for promise in ledger.promises:
        by_tag[promise.tag].append(promise)
    public: dict[str, list[Entry]] = defaultdict(list)
    for entry in truth.ours:
        tags = [tag for tag in by_tag if number_in(entry.text, tag)]
        if len(tags) != 1:
            findings.wrong["replies doubled"].append(
                f"{entry.channel} {entry.external_id}: approved by nobody"
            )
            continue
        public[tags[0]].append(entry)
    placed: list[tuple[Promise, Entry]] = []
    for tag, promises in by_tag.items():
        _place(findings, truth, promises, public[tag], sendings, placed)
    _order_of_replies(findings, placed)
    _leftovers(findings, ledger, sendings)


def _place(
    findings: Findings,
    truth: Truth,
    promises: list[Promise],
    public: list[Entry],
    sendings: dict[int, Sending],
    placed: list[tuple[Promise, Entry]],
) -> None:
    """Each promise of one tag stands once where it belongs, and nowhere else."""
    left = list(public)
    for promise in promises:
        here = [entry for entry in left if _is_to(truth, entry, promise)]
        left = [entry for entry in left if entry not in here]
        if here:
            placed.append((promise, here[0]))
            sending = sendings.get(promise.replies[-1])
            shown = {entry.external_id for entry in here}
            if sending is not None and sending.state == "SENT" and sending.external_id not in shown:
                findings.wrong["replies missing"].append(
                    f"{promise.tag} on {promise.channel}: we hold {sending.external_id},"
                    f" there stands {here[0].external_id}"
                )
        for extra in here[1:]:
            findings.wrong["replies doubled"].append(
                f"{promise.tag} on {promise.channel}: {extra.external_id}"
            )
    for stray in left:
        findings.wrong["replies to the wrong citizen"].append(
            f"{promises[0].tag} on {stray.channel}: {stray.external_id} answers {stray.answers}"
        )
    found = {promise.tag + promise.author for promise, _ in placed}
    for promise in promises:
        if promise.tag + promise.author not in found and not left:
            _absent(findings, promise, sendings)


def _is_to(truth: Truth, entry: Entry, promise: Promise) -> bool:
    """Whether it stands directly under that very citizen's own words, or in their own chat."""
    if entry.channel.partition("-")[0] != promise.channel.partition("-")[0]:
        return False
    if entry.peer is not None:
        citizens = {
            said.peer
            for target in promise.targets
            if (said := truth.citizens.get((entry.platform, target))) is not None
        }
        return entry.peer in citizens
    return entry.answers in promise.targets


def _absent(findings: Findings, promise: Promise, sendings: dict[int, Sending]) -> None:
    sending = sendings.get(promise.replies[-1])
    told = f"{promise.tag} on {promise.channel}: reply {promise.replies[-1]}"
    if sending is None:
        findings.wrong["replies missing"].append(f"{told} has no row")
    elif sending.state == "UNCERTAIN" and sending.platform == "whatsapp":
        findings.needing_a_person.append(f"{told} ({sending.failure})")
    elif sending.state == "FAILED":
        findings.refused += 1
    elif sending.state not in ("READY", "SENDING", "UNCERTAIN"):
        findings.wrong["replies missing"].append(f"{told} is {sending.state}")


def _order_of_replies(findings: Findings, placed: list[tuple[Promise, Entry]]) -> None:
    """The replies of one thread were published in the order they were approved."""
    threads: dict[str, list[tuple[Promise, Entry]]] = defaultdict(list)
    for promise, entry in placed:
        threads[promise.conversation].append((promise, entry))
    for conversation, said in threads.items():
        said.sort(key=lambda one: one[0].place)
        if any(earlier[1].sent_at > later[1].sent_at for earlier, later in pairwise(said)):
            findings.wrong["wrong order"].append(
                f"replies to {conversation}: {', '.join(promise.tag for promise, _ in said)}"
            )


def _leftovers(findings: Findings, ledger: Ledger, sendings: dict[int, Sending]) -> None:
    """Nothing is still on its way, but what waits behind a reply that a person must settle."""
    ours: Counter[str] = Counter()
    behind = {
        promise.conversation
        for promise in ledger.promises
        if any(promise.tag in named for named in findings.needing_a_person)
    }
    for promise in ledger.promises:
        sending = sendings.get(promise.replies[-1])
        if sending is None or sending.state not in ("READY", "SENDING", "UNCERTAIN"):
            continue
        told = (
            f"{promise.tag} on {promise.channel}: reply {sending.id} is {sending.state} ({sending.failure})"
        )
        if sending.state == "UNCERTAIN" and any(promise.tag in named for named in findings.needing_a_person):
            continue
        if sending.state == "READY" and promise.conversation in behind:
            findings.needing_a_person.append(f"{told}, behind one of these")
            continue
        ours[sending.state] += 1
        findings.wrong["unresolved"].append(told)


def as_json(findings: Findings) -> dict[str, Any]:
    """For a file."""
    return {
        "counts": findings.counts,
        "wrong": findings.wrong,
        "needing_a_person": findings.needing_a_person,
        "refused": findings.refused,
        "messages": findings.messages,
        "replies": findings.replies,
    }
