"""A volume of a pod: a file system in memory with a size of its own, which only the pod's processes see.

`volume_mount.py make BYTES FOLDER` mounts it at FOLDER in a mount namespace of its own, prints `ready`, and ends at the
end of stdin. Meanwhile the caller opens the files of the namespaces in /proc: the volume exists for as long as they
are open.

`volume_mount.py enter USER MOUNT PROGRAM ARGUMENT…` runs a program in the namespaces that are open as the files USER
and MOUNT, and is replaced by it (exec).

An ordinary user may mount in a user namespace only; root needs none. A stand-alone script.
"""

from __future__ import annotations

import ctypes
import os
import sys

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MS_NOSUID, MS_NODEV, MS_REC, MS_SLAVE = 2, 4, 1 << 14, 1 << 19
LIBC = ctypes.CDLL(None, use_errno=True)


def main(what: str, *arguments: str) -> None:
    """See the module's docstring."""
    if what == "make":
        size_bytes, folder = arguments
        make(int(size_bytes), folder)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.read()
    else:
        user, mount, program, *rest = arguments
        enter(user, mount)
        os.execvp(program, [program, *rest])  # noqa: S606  no shell is wanted


def make(size_bytes: int, folder: str) -> None:
    """Mount the volume in new namespaces. Any user may write to it, as to Kubernetes' emptyDir."""
    user, group = os.getuid(), os.getgid()
    if LIBC.unshare(CLONE_NEWNS):
        checked(LIBC.unshare(CLONE_NEWUSER | CLONE_NEWNS), "user namespaces are not allowed")
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    checked(LIBC.mount(None, b"/", None, MS_REC | MS_SLAVE, None), "mounts cannot be kept from other processes")
    options = f"size={size_bytes},mode=1777".encode()
    mounted = LIBC.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", MS_NOSUID | MS_NODEV, options)
    checked(mounted, "a file system in memory cannot be mounted")


def enter(user: str, mount: str) -> None:
    """Enter the namespaces, and keep the working directory, by its path."""
    folder = os.getcwd()
    user_file, mount_file = os.open(user, os.O_RDONLY), os.open(mount, os.O_RDONLY)
    if os.fstat(user_file).st_ino != os.stat("/proc/self/ns/user").st_ino:  # EINVAL for the present one
        checked(LIBC.setns(user_file, CLONE_NEWUSER), "the volume cannot be entered")
    checked(LIBC.setns(mount_file, CLONE_NEWNS), "the volume cannot be entered")
    os.chdir(folder)


def checked(result: int, fact: str) -> None:
    """End with an error if a call has failed."""
    if result:
        sys.exit(f"{fact}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    main(*sys.argv[1:])
