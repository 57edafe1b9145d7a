"""Loads what tests need, then runs tests in forks of itself. Started by `sandbox.py`, never imported.

Usage: `python -P sandbox_launcher.py MODULE...`. Each line of standard input is a request as JSON: a folder, the
arguments for pytest, and limits. It is answered by two lines, the id of the fork and, when that has ended, its exit
code; what could be isolated is written to a file in the folder. Loading takes longer than most tests: forks of an
interpreter that has loaded the modules of others, and none that is to be tested, save it.

A fork narrows what it may do before it looks at the folder. Where the kernel allows, the tests have no network, and
are the child of the first process of a process namespace of its own: whatever they start, detached or not, ends with
it. Root becomes a user of this run alone, who may read but write nothing outside of the sandbox's own folder, and
whose processes are counted apart from every other run's: the kernel counts by user, so that one run at its limit
would otherwise leave none for the next.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import pytest
from _pytest.config import default_plugins

NEW_PROCESSES, NEW_USER, NEW_NETWORK = 0x20000000, 0x10000000, 0x40000000
SET_PDEATHSIG, SET_KEEPCAPS, SET_NO_NEW_PRIVS, CAP_AMBIENT, CAP_AMBIENT_RAISE = 1, 8, 38, 47, 2
CAPABILITY_VERSION, READ_EVERYTHING = 0x20080522, 2
FIRST_USER, USERS = 61184, 4096
"""Numbers that belong to no account: the range that systemd too keeps for users of one run."""
FILE_BYTES = 64 * 1024 * 1024
OPEN_FILES = 256
PROCESSES = 256
SHARED_PROCESSES = 2048
"""Where the caller's own user runs the tests: all that this user runs is counted."""
BY_SIGNAL = 128
CLEARINGS = 100
NEW_OBJECTS = 100_000
"""Made before garbage is looked for: most of what is loaded, and of what tests make, stays."""


def isolate(libc: ctypes.CDLL) -> tuple[bool, bool]:
    """Whether there is no network from here on, and whether children are in a process namespace of their own."""
    for also in (NEW_PROCESSES, 0):
        for flags in (NEW_NETWORK, NEW_USER | NEW_NETWORK):
            if libc.unshare(flags | also) == 0:
                return True, bool(also)
    return False, False


def limit(cpu_s: int, memory_mb: int, processes: int) -> None:
    """Hard limits on processor time, address space, file size, open files, processes and core dumps."""
    for what, most in (
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_AS, memory_mb * 1024 * 1024),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_NPROC, processes),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (allowed, allowed))


def become_user(libc: ctypes.CDLL, user: int) -> None:
    """Give up root, all but the right to read: the interpreter may lie in a folder that only root can enter."""
    libc.prctl(SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
    right = 1 << READ_EVERYTHING
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    rights = (ctypes.c_uint32 * 6)(right, right, right, 0, 0, 0)
    if libc.capset(header, rights) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    libc.prctl(CAP_AMBIENT, CAP_AMBIENT_RAISE, READ_EVERYTHING, 0, 0)


def hand_over(folder: Path, user: int) -> None:
    """The folder and all in it belong to the user as whom the tests run."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, user)


def run(libc: ctypes.CDLL, arguments: list[str]) -> int:
    """The tests as the child of a process that ends with whoever waits for it; 128 and more is a signal."""
    first = os.fork()
    if first == 0:
        libc.prctl(SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        child = os.fork()
        if child == 0:
            test(arguments)
        os._exit(ended(child))
    return ended(first)


def test(arguments: list[str]) -> None:
    """Run pytest and end as it does."""
    sys.argv = ["pytest", *arguments]
    code = 1
    try:
        code = int(pytest.main(arguments))
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def ended(child: int) -> int:
    """How a child ended, as an exit code."""
    while True:
        found, status = os.wait()
        if found == child:
            code = os.waitstatus_to_exitcode(status)
            return BY_SIGNAL - code if code < 0 else code


def narrowed(request: dict[str, Any]) -> int:
    """Isolate, limit, and run the tests; how they ended."""
    libc = ctypes.CDLL(None, use_errno=True)
    was_root = os.geteuid() == 0
    network_isolated, processes_isolated = isolate(libc)
    told = {"network_isolated": network_isolated, "processes_isolated": processes_isolated}
    Path(request["note"]).write_text(json.dumps(told), encoding="utf-8")
    limit(request["cpu_s"], request["memory_mb"], PROCESSES if was_root else SHARED_PROCESSES)
    if was_root:
        user = FIRST_USER + os.getpid() % USERS
        hand_over(Path.cwd(), user)
        become_user(libc, user)
    libc.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if not processes_isolated:
        test(request["arguments"])
    return run(libc, request["arguments"])


def settle(request: dict[str, Any]) -> None:
    """A session of its own, in the folder, with nothing open but the file for what is printed."""
    os.setsid()
    os.chdir(request["folder"])
    os.environ.update(HOME=request["folder"], TMPDIR=request["folder"])
    output = os.open(request["output"], os.O_WRONLY | os.O_CREAT, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for opened, place in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(opened, place)
    os.closerange(3, OPEN_FILES)


def serve(request: dict[str, Any]) -> None:
    """What a fork does; it never comes back."""
    code = 1
    try:
        settle(request)
        code = narrowed(request)
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        sys.stderr.flush()
        os._exit(code)


def clear(group: int) -> None:
    """Kill what is left of a run's processes, and wait until they are gone, as long as that takes no time."""
    with contextlib.suppress(ProcessLookupError):
        for _ in range(CLEARINGS):
            os.killpg(group, signal.SIGKILL)
            time.sleep(0.005)


def main() -> None:
    """Load, and fork for every request until there are no more."""
    gc.set_threshold(NEW_OBJECTS)
    for name in (*sys.argv[1:], *(f"_pytest.{plugin}" for plugin in default_plugins)):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()  # what is loaded here stays: no fork looks through it, and none copies its pages for that
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            serve(json.loads(line))
        print(child, flush=True)
        code = ended(child)
        clear(child)
        print(code, flush=True)


if __name__ == "__main__":
    main()
