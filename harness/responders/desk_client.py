"""A program on the PATH of a responder, `desk_client.py SOCKET NAME ARGUMENT…`: the harness does what it asks for.

A stand-alone script. `desk ack` is an action at the desk; `kubectl` and every other name is a command that the harness
runs on the platform under the policy, and records. Standard input is not passed on.
"""

from __future__ import annotations

import json
import shlex
import socket
import sys

NO_ANSWER = 126
"""Exit status where the harness does not answer: nothing was run."""


def main(path: str, name: str, *arguments: str) -> int:
    """Ask the harness; return the exit status."""
    line = " ".join(arguments) if name == "desk" else shlex.join([name, *arguments])
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
            connection.sendall(json.dumps({"line": line}).encode() + b"\n")
            answer = json.loads(connection.makefile("rb").readline())
    except (OSError, ValueError):
        sys.stderr.write(f"{name}: the harness does not answer; the response has ended\n")
        return NO_ANSWER
    sys.stdout.write(answer["stdout"])
    sys.stdout.flush()
    sys.stderr.write(answer["stderr"])
    return int(answer["status"])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
