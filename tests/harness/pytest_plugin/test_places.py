"""Places for drills: bounded over processes, freed by the end of their process, not inherited."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.errors import Interrupted
from harness.pytest_plugin.places import one_of
from tests.support.waiting import LIMIT_S

HOLD = """
import sys, threading
from pathlib import Path
from harness.pytest_plugin.places import one_of
with one_of(int(sys.argv[2]), Path(sys.argv[1]), threading.Event()) as number:
    print(number, flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(folder: Path, count: int) -> Iterator[subprocess.Popen[str]]:
    """A process that waits for a place, prints its number, and holds it until it is killed."""
    command = [sys.executable, "-c", HOLD, str(folder), str(count)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def read(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], LIMIT_S)[0], "it got no place"
    return process.stdout.readline().strip()


def test_two_processes_have_two_places_and_the_third_waits_for_the_end_of_one(tmp_path: Path) -> None:
    with holder(tmp_path, 2) as first:
        assert read(first) == "0"
        with holder(tmp_path, 2) as second:
            assert read(second) == "1"
            with holder(tmp_path, 2) as third:
                stop = threading.Event()
                threading.Timer(0.5, stop.set).start()
                with pytest.raises(Interrupted, match="no drill has run"), one_of(2, tmp_path, stop):
                    pass
                assert third.poll() is None
                first.kill()
                assert read(third) == "0"


def test_child_that_outlives_the_block_has_no_place(tmp_path: Path) -> None:
    """A lock of `flock` would stay locked: the child has the same open file."""
    begun, ended = os.pipe()
    with one_of(1, tmp_path, threading.Event()):
        child = os.fork()
        if child == 0:
            os.close(ended)
            os.read(begun, 1)
            os._exit(0)
    os.close(begun)
    try:
        with holder(tmp_path, 1) as other:
            assert read(other) == "0"
    finally:
        os.close(ended)
        os.waitpid(child, 0)
