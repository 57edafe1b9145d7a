"""Narrows what this process may do, then runs the command that it was given. Run by `sandbox.py`, never imported.

Usage: `python -I -S sandbox_launcher.py '{"cpu_s": ..., "memory_mb": ...}' NOTE COMMAND...`; what could be isolated
is written to the file NOTE. It uses nothing but the standard library, and starts in milliseconds.

Where the kernel allows, the command has no network, and is the child of the first process of a process namespace of
its own: whatever it starts, detached or not, ends with it. Root becomes a user of this run alone, who may read but
write nothing outside of the sandbox's own folder, and whose processes are counted apart from every other run's: the
kernel counts by user, so that one run at its limit would otherwise leave none for the next.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path

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


def run(libc: ctypes.CDLL, command: list[str]) -> int:
    """The command as the child of a process that ends with whoever waits for it; 128 and more is a signal."""
    first = os.fork()
    if first == 0:
        libc.prctl(SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        child = os.fork()
        if child == 0:
            os.execv(command[0], command)  # noqa: S606 - the command of the caller, without a shell
        os._exit(ended(child))
    return ended(first)


def ended(child: int) -> int:
    """How a child ended, as an exit code."""
    while True:
        found, status = os.wait()
        if found == child:
            code = os.waitstatus_to_exitcode(status)
            return BY_SIGNAL - code if code < 0 else code


def main() -> None:
    """Isolate, limit, run the command, and end as it did."""
    settings, note, *command = sys.argv[1:]
    libc = ctypes.CDLL(None, use_errno=True)
    was_root = os.geteuid() == 0
    network_isolated, processes_isolated = isolate(libc)
    told = {"network_isolated": network_isolated, "processes_isolated": processes_isolated}
    Path(note).write_text(json.dumps(told), encoding="utf-8")
    limit(**json.loads(settings), processes=PROCESSES if was_root else SHARED_PROCESSES)
    if was_root:
        user = FIRST_USER + os.getpid() % USERS
        hand_over(Path.cwd(), user)
        become_user(libc, user)
    libc.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if not processes_isolated:
        os.execv(command[0], command)  # noqa: S606 - the command of the caller, without a shell
    code = run(libc, command)
    if code > BY_SIGNAL:
        os.kill(os.getpid(), code - BY_SIGNAL)
    sys.exit(code)


if __name__ == "__main__":
    main()
