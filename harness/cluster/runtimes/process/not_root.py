"""Runs a program as another user when root starts it: `not_root.py DATA_FOLDER PROGRAM ARGUMENT…`.

A stand-alone script that replaces itself by the program (exec).
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys

CLONE_NEWUSER = 0x10000000
PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 8, 47, 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


def drop_privileges(data: str) -> None:
    """Become the user `nobody`, irrevocably, and give it `data`; it keeps read access to files of root (a venv below
    /root)."""
    user = pwd.getpwnam("nobody")
    for folder, _, files in os.walk(data):
        for path in (folder, *(os.path.join(folder, name) for name in files)):
            os.chown(path, user.pw_uid, user.pw_gid)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    mask = 1 << CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(mask, mask, mask)  # effective, permitted, inheritable; then the upper halves
    if libc.capset(header, sets) or libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot keep CAP_DAC_OVERRIDE")


def main(data: str, program: str, *arguments: str) -> None:
    if ctypes.CDLL(None).unshare(CLONE_NEWUSER):
        drop_privileges(data)
    os.execv(program, [program, *arguments])  # noqa: S606  it becomes the program, no shell is wanted


if __name__ == "__main__":
    main(*sys.argv[1:])
