"""`gameday drill` and `gameday shell`: what is refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.gameday import in_process


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("drill", "ops.md", "--fault", "nope"), "--fault nope: ops.md with gameday.yaml has no such incident"),
        (("drill", "ops.md", "--only", "NOPE"), "--only NOPE"),
        (("drill", "ops.md", "--responder", "humna"), "neither a responder nor a program on PATH is named `humna`"),
        (("drill", "ops.md", "--responder", "echo 'x"), "is no command line"),
        (("drill", "ops.md", "--budget", "0"), "`0` leaves no time for a response"),
        (("drill", "ops.md", "--budget", "soon"), "`soon` is not a duration"),
        (("drill", "ops.md", "--only", "TIMEOUT", "--beside", "nothing"), "no record can be read here"),
        (("drill",), "no runbook"),
        (("run", "ops.md", "--responder", "human"), "use `gameday drill`"),
        (("run", "ops.md", "--responder", "humna"), "neither a responder nor a program"),
        (("shell",), "no incident is being handled; `gameday drill` starts a drill"),
        (("shell", "nothing"), "nothing: no incident of this run is being handled"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(place: Path, words: tuple[str, ...], why: str) -> None:
    done = in_process(*words, cwd=place)
    assert (done.returncode, done.stdout) == (2, "")
    assert why in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not list(place.rglob("record.jsonl"))
