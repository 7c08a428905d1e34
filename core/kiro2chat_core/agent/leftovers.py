"""Processes that a command started, found and ended.

The leader of a session can be killed with its process group, but a child may have left both: `setsid sleep 1000 &`. So each
command carries a variable in its environment that no other has, and children inherit it; on Linux every process tells its
environment to its owner in /proc. Who cleared it still writes to the command's output, or has a parent that is known. What is
found is killed with its descendants and with its whole session and group, again until nothing is found: a process may fork
while we look.

Not found is a process that cleared its environment, closed its output, left the session, and whose parents have ended: nothing
links it to the command any more. Being the reaper of orphans would, but makes a server wait for other people's children.
Where there is no /proc (macOS) only the process group is ended.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["VARIABLE", "Traces", "found", "kill", "sweep"]

VARIABLE = "KIRO2CHAT_COMMAND"
_PROC = Path("/proc")
_PAUSE = 0.01
_CALM, _CALM_AFTER = 3, 12
"""Looks in a row that find nothing, and as many after something was found: a process that begins another program has for a
moment no environment that could be read, and on a busy machine the moment is long."""


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    parent: int
    group: int
    session: int


@dataclass(frozen=True, slots=True)
class Traces:
    """What tells the processes of a command: `marker` ("NAME=value") in their environment, `output` ("pipe:[inode]") as
    their standard output or error, the session and group of `leader`, the id of its first process."""

    marker: str
    output: str
    leader: int | None = None


def found(traces: Traces) -> set[int]:
    """Ids of living processes of the command: those with a trace of it, and their descendants, sessions and groups."""
    processes = _living()
    ours = {each.pid for each in processes if _carries(each.pid, traces.marker) or _writes(each.pid, traces.output)}
    if traces.leader is not None:
        ours |= {each.pid for each in processes if traces.leader in (each.pid, each.group, each.session)}
    ours.discard(os.getpid())
    while True:
        sessions = {each.session for each in processes if each.pid in ours} - {0, os.getsid(0)}
        more = {
            each.pid
            for each in processes
            if each.pid not in ours and (each.parent in ours or each.session in sessions or each.group in ours)
        }
        if not more:
            return ours
        ours |= more


def kill(traces: Traces) -> bool:
    """One blow at all that is found; whether there was anything.

    The group stands still while we look, however fast it forks; it dies only then, since the dead are nobody's parents.
    """
    _signal_group(traces.leader, signal.SIGSTOP)
    pids = found(traces)
    _signal_group(traces.leader, signal.SIGKILL)
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    return bool(pids)


def _signal_group(leader: int | None, number: signal.Signals) -> None:
    if leader is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, number)


async def sweep(traces: Traces, *, patience: float) -> bool:
    """Blow after blow until nothing is left; False if something still is after `patience` seconds.

    Nothing is found once where a process ends while its child begins: the list of processes is no picture of one moment.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + patience
    calm, enough = 0, _CALM
    while calm < enough:
        if loop.time() > until:
            return False
        if kill(traces):
            calm, enough = 0, _CALM_AFTER
        else:
            calm += 1
        await asyncio.sleep(_PAUSE)
    return True


def _living() -> list[_Process]:
    try:
        names = os.listdir(_PROC)
    except OSError:
        return []
    return [process for name in names if name.isdigit() and (process := _process(name)) is not None]


def _process(pid: str) -> _Process | None:
    """None where it has ended, zombies too."""
    try:
        stat = (_PROC / pid / "stat").read_bytes()
    except OSError:
        return None
    # `pid (name) state ppid pgrp session …`; the name may hold anything.
    fields = stat[stat.rfind(b")") + 2 :].split()
    if len(fields) < 4 or fields[0] in (b"Z", b"X", b"x"):
        return None
    return _Process(int(pid), int(fields[1]), int(fields[2]), int(fields[3]))


def _carries(pid: int, marker: str) -> bool:
    try:
        environ = (_PROC / str(pid) / "environ").read_bytes()
    except OSError:  # of another user, or gone
        return False
    return marker.encode() in environ.split(b"\0")


def _writes(pid: int, output: str) -> bool:
    for descriptor in ("1", "2"):
        with suppress(OSError):
            if os.readlink(_PROC / str(pid) / "fd" / descriptor) == output:
                return True
    return False
