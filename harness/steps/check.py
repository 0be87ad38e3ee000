"""Checks a command before it runs: by bash for its syntax, and by the policy."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Collection, Sequence
from functools import lru_cache

from harness.bash.script import Script
from harness.policy.check import argument_refusals, refusals
from harness.policy.scope import Scope

_PROGRAM_PATH = os.pathsep.join((os.defpath, "/usr/sbin:/sbin"))


def check(script: Script, earlier: Sequence[Script], namespace: str, programs: Collection[str] = ()) -> tuple[str, ...]:
    """Return why the policy refuses a command that runs after `earlier` in the same shell; empty if it may run.

    `programs`: what the bindings allow in pods.

    A text that bash cannot read is not refused: bash reports a syntax error and runs nothing of it.
    """
    if script.doubts and syntax_error(script.text):
        return ()
    return refusals(script, Scope(namespace, _is_program, tuple(earlier), programs=frozenset(programs)))


def check_arguments(argv: Sequence[str], namespace: str, programs: Collection[str] = ()) -> tuple[str, ...]:
    """Return why the policy refuses a program with these arguments, as bash starts it; empty if it may run."""
    return argument_refusals(argv, Scope(namespace, _is_program, programs=frozenset(programs)))


@lru_cache(maxsize=64)
def syntax_error(text: str) -> str:
    """Return the message of `bash -n`; "" for a text that bash can read. Runs nothing of the text.

    Cached, since the policy check and the session need the same answer.
    """
    checked = subprocess.run(
        ["bash", "-n"], input=text, capture_output=True, text=True, check=False, env={"PATH": os.defpath}
    )
    return re.sub(r"^\S*bash: ", "bash: ", checked.stderr, flags=re.MULTILINE) if checked.returncode else ""


def _is_program(name: str) -> bool:
    path = os.pathsep.join((os.environ.get("PATH", ""), _PROGRAM_PATH))
    return shutil.which(name, path=path) is not None
