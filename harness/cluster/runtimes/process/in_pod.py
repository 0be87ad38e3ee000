"""Runs a command in a pod: `in_pod.py POD PROGRAM NAME ARGUMENT…`; POD is the id of the pod's process on the machine.

The command has process ids of its own, as in a container: 1 is the pod's process, and no process outside the pod can be
seen or signalled. For that, this process stands for the pod's as the first of a new process namespace, and passes on
the signals that the pod's process handles; the kernel ignores all others, as it does in a container.

Where the machine forbids namespaces, the command cannot send signals at all.

A stand-alone script: it starts with nothing but the standard library, and ends with the command's exit status.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import struct
import sys
from contextlib import suppress

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x10000000, 0x20000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
EPERM_ANSWER, ALLOW = 0x00050001, 0x7FFF0000
SIGNALLING = {
    "x86_64": (0xC000003E, (62, 129, 200, 234, 297, 424)),
    "aarch64": (0xC00000B7, (129, 130, 131, 138, 240, 424)),
}
"""By machine: its architecture for seccomp, and the numbers of kill, tkill, tgkill, rt_sigqueueinfo,
rt_tgsigqueueinfo and pidfd_send_signal."""
LIBC = ctypes.CDLL(None, use_errno=True)


def main(pod: int, program: str, argv: list[str]) -> int:
    """Run the command; return its exit status, 128 + n after signal n."""
    try:
        pidfd, status = os.pidfd_open(pod), os.open(f"/proc/{pod}/status", os.O_RDONLY)
    except (ProcessLookupError, FileNotFoundError):
        sys.exit("error: unable to upgrade connection: the pod's process has ended")
    user, group = os.getuid(), os.getgid()
    if LIBC.unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS):
        forbid_signals()
        execute(program, argv)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
    messages, out = os.pipe()
    if os.fork() == 0:
        stand_for(pod, out, program, argv)
    os.close(out)
    release_streams()
    with open(messages, encoding="ascii") as lines:
        for line in lines:
            what, number = line.split()
            if what == "ended":
                return int(number)
            pass_on(int(number), pidfd, status)
    return 128 + signal.SIGKILL  # ended together with the pod


def stand_for(pod: int, out: int, program: str, argv: list[str]) -> None:
    """As process 1, start the command and live until no process is left; report signals and the command's end."""

    def report(what: str, number: int) -> None:
        with suppress(BrokenPipeError):  # the command has ended, this is about processes in the background
            os.write(out, f"{what} {number}\n".encode())

    show_own_processes(pod)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGPIPE}:
        signal.signal(number, lambda number, _: report("signal", number))
    command = os.fork()
    if command == 0:
        execute(program, argv)
    release_streams()
    with suppress(ChildProcessError):
        while True:
            ended, result = os.wait()
            if ended == command:
                code = os.waitstatus_to_exitcode(result)
                report("ended", code if code >= 0 else 128 - code)
    os._exit(0)


def pass_on(number: int, pidfd: int, status: int) -> None:
    """Send a signal to the pod's process if it handles it. `status`: its file in /proc."""
    with suppress(ProcessLookupError):
        handled = next(line for line in os.pread(status, 4096, 0).splitlines() if line.startswith(b"SigCgt:"))
        if int(handled.split()[1], 16) >> number - 1 & 1:
            signal.pidfd_send_signal(pidfd, number)


def show_own_processes(pod: int) -> None:
    """Make /proc show the new namespace, and the pod's process as 1, where the machine allows it."""
    place = os.open(f"/proc/{pod}", os.O_PATH)
    LIBC.mount(None, b"/", None, MS_REC | MS_PRIVATE, None)
    if LIBC.mount(b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, None) == 0:
        LIBC.mount(f"/proc/self/fd/{place}".encode(), b"/proc/1", None, MS_BIND, None)
    os.close(place)


def release_streams() -> None:
    """Leave stdin, stdout and stderr to the command: they are closed when it closes them."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)


def execute(program: str, argv: list[str]) -> None:
    """Become the command."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)  # Python ignores them
    os.execv(program, argv)  # noqa: S606  no shell is wanted


def forbid_signals() -> None:
    """Make every system call that sends a signal fail with EPERM, for this process and all that it starts."""
    architecture, numbers = SIGNALLING[platform.machine()]
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06  # BPF: load a word, jump if equal, if at least, return
    rules = [(load, 0, 0, 4), (equal, 0, len(numbers) + 2, architecture), (load, 0, 0, 0)]
    rules += [(at_least, len(numbers), 0, 0x40000000)]  # the calls of x32
    rules += [(equal, len(numbers) - index - 1, 0, number) for index, number in enumerate(numbers)]
    rules[-1] = (equal, 0, 1, numbers[-1])
    rules += [(answer, 0, 0, EPERM_ANSWER), (answer, 0, 0, ALLOW)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
    filter_ = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(rules), ctypes.addressof(code)))
    LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if LIBC.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter_, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot forbid signals")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))
