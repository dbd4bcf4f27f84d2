"""Runs the programs of the system: starts them in order, restarts those that end, stops all in order.

The loop, the restarts, the delays and the ordered stop are supervisord's (PyPI `supervisor`), used as a
library. We add what it lacks: a start in stages, a stop on SIGHUP and when our parent ends, a session for
each child, and children that end when we are killed. Why: docs/decisions/0003-one-supervisor.md.
"""

from __future__ import annotations

import io
import os
import shlex
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import psycopg
from supervisor.datatypes import RestartUnconditionally
from supervisor.medusa.asyncore_25 import ExitNow
from supervisor.options import ProcessConfig, ProcessGroupConfig, ServerOptions, decode_wait_status
from supervisor.poller import Poller
from supervisor.process import Subprocess
from supervisor.states import ProcessStates, SupervisorStates
from supervisor.supervisord import Supervisor

from stack import child, processes
from stack.console import say
from stack.errors import StackError
from stack.parent import Parent
from stack.programs import Program

LONGEST_PAUSE = 0.2  # seconds between two checks of signals and children
LONGEST_BACKOFF = 15  # seconds between two attempts to start a program that ends at once
REMINDER = 20.0  # seconds between two lines about a program that is not ready
LOG_BYTES = 10 * 1024 * 1024


@dataclass
class Course:
    """The stages of a start: the programs of one stage must be ready before the next stage begins."""

    folder: Path
    stages: Sequence[Sequence[Program]]
    when_up: Callable[[], None]
    """Called once, when the last stage is ready."""
    when_stopping: Callable[[], None]
    failure: str = field(default="", init=False)


def run(course: Course, parent: Parent) -> int:
    """Run the system until a signal, a failed step or the end of our parent. Returns the exit code.

    When it returns, all programs have ended.
    """
    options = _Options(course)
    supervisor = _Stack(options, course, parent)
    with suppress(ExitNow):
        supervisor.main()
    options.close_logger()
    processes.record(course.folder, [])
    if course.failure:
        say(course.failure)
        return 1
    say("Everything has stopped.")
    return 0


class _PromptPoller(Poller):  # type: ignore[misc]
    """Polls more often than supervisord's once a second, which would cost a second for each stage."""

    def poll(self, timeout: float) -> Any:
        return super().poll(min(timeout, LONGEST_PAUSE))


class _Options(ServerOptions):  # type: ignore[misc]
    """supervisord's options without a configuration file, and its way to start a child."""

    def __init__(self, course: Course) -> None:
        super().__init__()
        self.programs: Mapping[str, Program] = {
            program.name: program for stage in course.stages for program in stage
        }
        self.supervisor_pid = os.getpid()
        self.poller = _PromptPoller(self)
        self.configfile = io.StringIO("[supervisord]\nnodaemon=true\nsilent=true\nnocleanup=true\n")
        logs, run_folder = course.folder / "log", course.folder / "run"
        arguments = ["-l", str(logs / "supervisor.log"), "-j", str(run_folder / "supervisor.pid")]
        self.realize([*arguments, "-q", str(logs), "-y", str(LOG_BYTES), "-z", "2"], doc="")
        self.first, self.test = True, False

    def setpgrp(self) -> None:
        """In the child: leave the terminal's session, so that Ctrl-C and SIGHUP reach only us."""
        os.setsid()

    def execve(self, filename: str, argv: Sequence[str], env: Mapping[str, str]) -> NoReturn:
        """In the child, as its user: set its death signal and start it with its own environment only."""
        program = self.programs[env["SUPERVISOR_PROCESS_NAME"]]
        child.die_with(self.supervisor_pid, program.death_signal)
        os.execve(filename, list(argv), dict(program.env))  # noqa: S606


class _Process(Subprocess):  # type: ignore[misc]
    """One child process. Reports when it ends without being stopped."""

    config: _ProcessConfig

    def spawn(self) -> int | None:
        pid: int | None = super().spawn()
        self.config.stack.note_processes()
        return pid

    def kill(self, sig: int) -> Any:
        if sig == signal.SIGKILL:
            program = self.config.program
            say(f"{program.name} did not stop within {program.stop_seconds} seconds: killed.")
        return super().kill(sig)

    def finish(self, pid: int, sts: int) -> None:
        wanted = self.killing
        super().finish(pid, sts)
        # Kill what the child had started in its session and left running.
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        self.config.stack.note_processes()
        if not wanted:
            self.config.stack.ended(self, pid, sts)


class _ProcessConfig(ProcessConfig):  # type: ignore[misc]
    def __init__(self, stack: _Stack, program: Program) -> None:
        self.stack, self.program = stack, program
        log = None if program.aloud else str(stack.log_of(program))
        super().__init__(
            stack.options,
            name=program.name,
            command=shlex.join(program.argv),
            directory="/",
            umask=None,
            priority=program.priority,
            autostart=True,
            autorestart=False if program.once else RestartUnconditionally,
            startsecs=0 if program.once else 5,
            startretries=10**9,
            uid=program.account.uid if program.account else None,
            stdout_logfile=log,
            stdout_capture_maxbytes=0,
            stdout_events_enabled=False,
            stdout_syslog=False,
            stdout_logfile_backups=2,
            stdout_logfile_maxbytes=LOG_BYTES,
            stderr_logfile=None,
            stderr_capture_maxbytes=0,
            stderr_events_enabled=False,
            stderr_syslog=False,
            stderr_logfile_backups=0,
            stderr_logfile_maxbytes=0,
            stopsignal=program.stop_signal,
            stopwaitsecs=program.stop_seconds,
            stopasgroup=False,
            killasgroup=True,
            exitcodes=[0],
            redirect_stderr=True,
            environment={"PATH": program.env.get("PATH", os.defpath)},
            serverurl=None,
        )

    def make_process(self, group: Any = None) -> _Process:
        process = _Process(self)
        process.group = group
        return process

    def make_dispatchers(self, proc: _Process) -> Any:
        if not self.program.aloud:
            return super().make_dispatchers(proc)
        # No pipe in between: the child writes to our own output.
        stdin, feed = os.pipe()
        os.close(feed)
        pipes = dict.fromkeys(("stdin", "stdout", "stderr", "child_stderr"))
        return {}, pipes | {"child_stdin": stdin, "child_stdout": os.dup(1)}


class _Stack(Supervisor):  # type: ignore[misc]
    """supervisord's loop with a start in stages."""

    def __init__(self, options: _Options, course: Course, parent: Parent) -> None:
        super().__init__(options)
        self.course, self.parent = course, parent
        self.stage, self.waiting = -1, list[Program]()
        self.next_look = self.next_reminder = 0.0

    def log_of(self, program: Program) -> Path:
        return self.course.folder / "log" / f"{program.name}.log"

    def process(self, program: Program) -> _Process:
        found: _Process = self.process_groups[program.name].processes[program.name]
        return found

    def note_processes(self) -> None:
        """Store the list of running children, for `cozum status` and for the next start."""
        living = [
            (name, group.processes[name].pid)
            for name, group in self.process_groups.items()
            if group.processes[name].pid and not group.processes[name].config.program.once
        ]
        processes.record(self.course.folder, living)

    # --- stopping -------------------------------------------------------------------------------------

    def handle_signal(self) -> None:
        """Stop on each of the four signals that end a program; supervisord alone would reload on SIGHUP."""
        received = self.options.get_signal()
        if received in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            self.stop_all(f"Stopping ({signal.Signals(received).name}).")

    def stop_all(self, why: str) -> None:
        """Begin the orderly stop. A second call does nothing."""
        if self.options.mood == SupervisorStates.SHUTDOWN:
            return
        self.options.mood = SupervisorStates.SHUTDOWN
        say(why)
        self.course.when_stopping()

    def fail(self, why: str) -> None:
        self.course.failure = why
        self.stop_all("Stopping, because a step failed.")

    # --- starting -------------------------------------------------------------------------------------

    def tick(self, now: float | None = None) -> None:
        super().tick(now)
        if gone := self.parent.gone():
            self.stop_all(gone)
        if self.options.mood == SupervisorStates.RUNNING and self.stage < len(self.course.stages):
            try:
                self.advance()
            except (StackError, psycopg.Error, OSError) as error:
                self.fail(str(error))

    def advance(self) -> None:
        """Start the next stage if the programs of this one are ready."""
        at = time.monotonic()
        if at < self.next_look:
            return
        while self.waiting and self.is_ready(self.waiting[0]):
            ready = self.waiting.pop(0)
            if ready.when_ready:
                ready.when_ready()
        if self.waiting:
            self.remind(self.waiting[0], at)
            return
        self.stage += 1
        if self.stage == len(self.course.stages):
            self.course.when_up()
            return
        self.waiting = list(self.course.stages[self.stage])
        self.next_reminder = at + REMINDER
        for program in self.waiting:
            say(f"{program.starting}.")
            config = _ProcessConfig(self, program)
            self.add_process_group(ProcessGroupConfig(self.options, program.name, program.priority, [config]))

    def is_ready(self, program: Program) -> bool:
        process = self.process(program)
        if program.once:
            return bool(process.state == ProcessStates.EXITED and process.exitstatus == 0)
        return bool(process.pid) and program.ready()

    def remind(self, program: Program, at: float) -> None:
        self.next_look = at + LONGEST_PAUSE / 2
        if at >= self.next_reminder and program.patience:
            say(program.patience)
            self.next_reminder = at + REMINDER

    # --- restarting -----------------------------------------------------------------------------------

    def ended(self, process: _Process, pid: int, sts: int) -> None:
        """Report a child that ended by itself; supervisord restarts it after `process.delay`."""
        program = process.config.program
        if self.options.mood != SupervisorStates.RUNNING:
            return
        code, description = decode_wait_status(sts)
        if program.once:
            if code != 0:
                self.fail(f"{program.starting} failed ({description}).")
            return
        process.backoff = min(process.backoff, LONGEST_BACKOFF)
        process.delay = min(process.delay, time.time() + LONGEST_BACKOFF)
        say(f"{program.name} (process {pid}) ended: {description}. It is started again.")
        if process.state == ProcessStates.BACKOFF:
            log = self.log_of(program)
            say(f"The last lines of {log}:\n{child.last_lines(log, 8)}")
