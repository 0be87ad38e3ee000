"""Real drills of documents that restore nothing, against a fault that ends at a random time: none may pass."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import yaml

if __package__ in (None, ""):  # run as a file
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import machine
from benchmarks.slot_loss.ours import GAMEDAY
from benchmarks.threshold import Threshold
from benchmarks.timed import UnusableError, call
from harness.errors import UNUSABLE

ROOT = Path(__file__).resolve().parents[1]
RUNS = 20
SHORTEST_S, LONGEST_S = 5.0, 45.0
"""The fault's duration is uniform between these: some end during the response, some after it."""
DRILL_LIMIT_S = 400
KINDS = {
    "LOOKS": ("a document of looks only", "kubectl get pods -n production"),
    "PLACEBO": (
        "a variable that no process reads",
        "kubectl set env deployment/api-gateway PLACEBO=1 -n production",
    ),
    "DEPLOYED": (
        "a value that is already deployed",
        "kubectl set env deployment/api-gateway VALIDATION_TIMEOUT_MS=1000 -n production",
    ),
    "ELSEWHERE": ("a step on another service", "kubectl scale deployment tool-service --replicas=3 -n production"),
}
"""By kind: what is planted, and its only command."""
_EXAMPLES = """\
examples:
  python benchmarks/planted.py              20 drills of each of four documents, two at a time: about an hour
  python benchmarks/planted.py --runs 2     ten minutes
exit codes: 0 none passed · 1 one passed · 2 unusable input or environment
"""


def document(runs: int) -> str:
    """A Markdown document with `runs` runbooks of each kind."""
    parts = ["# Runbooks that restore nothing\n"]
    for kind, (title, command) in KINDS.items():
        for number in range(1, runs + 1):
            parts += [f"### {kind}_{number}: {title}\n", "**Symptoms:**\n\n- 400 Bad Request errors\n"]
            parts.append(f"**Commands:**\n\n```bash\n{command}\n```\n")
    return "\n".join(parts)


def bindings(runs: int, seed: int) -> str:
    """The shipped bindings of VALIDATION_FAIL for each runbook, with a fault of random duration of its own."""
    data = yaml.safe_load((ROOT / "gameday.yaml").read_text(encoding="utf-8"))
    rng, shipped, parts = Random(seed), data["runbooks"]["VALIDATION_FAIL"], data["faults"]["new-clients"]
    data["runbooks"], data["faults"] = {}, {}
    for name in (f"{kind}_{number}" for kind in KINDS for number in range(1, runs + 1)):
        duration_s = round(rng.uniform(SHORTEST_S, LONGEST_S), 1)
        fault = f"new-clients-{name.lower().replace('_', '-')}"
        data["faults"][fault] = [{**part, "max_duration_s": duration_s} for part in parts]
        symptoms = [each for each in shipped["symptoms"] if each["contains"] == "400 bad request"]
        data["runbooks"][name] = {**shipped, "fault": fault, "symptoms": symptoms}
    return str(yaml.safe_dump(data))


def verdicts(runs: int, seed: int, jobs: int, folder: Path) -> dict[str, Counter[str]]:
    """Run all drills in a folder; return the number of drills by kind and verdict. Raises UnusableError."""
    (folder / "planted.md").write_text(document(runs), encoding="utf-8")
    (folder / "gameday.yaml").write_text(bindings(runs, seed), encoding="utf-8")
    if not (folder / "slos").exists():
        (folder / "slos").symlink_to(ROOT / "slos")
    argv = [str(GAMEDAY), "run", "planted.md", "--out", "run", "--jobs", str(jobs), "--seed", str(seed)]
    code, _, _ = call(argv, DRILL_LIMIT_S * runs * len(KINDS), folder, progress=True)
    if code == UNUSABLE or not (folder / "run" / "result.json").exists():
        raise UnusableError(f"gameday run ended with {code} and no result; its messages are above")
    found = {kind: Counter[str]() for kind in KINDS}
    for drill in json.loads((folder / "run" / "result.json").read_text(encoding="utf-8"))["drills"]:
        found[drill["runbook"].rpartition("_")[0]][drill["verdict"]] += 1
    return found


def thresholds(found: dict[str, Counter[str]]) -> list[Threshold]:
    """No drill of any kind may pass, and each kind must have been drilled."""
    return [
        Threshold(
            f"{KINDS[kind][0]}: none of {counts.total()} passes",
            counts["passed"] == 0 < counts.total(),
            ", ".join(f"{verdict} {count}" for verdict, count in sorted(counts.items())),
        )
        for kind, counts in found.items()
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse arguments, run all drills and print the table; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=RUNS, metavar="N", help=f"drills of each document ({RUNS})")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="drills at a time (2)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the fault's durations (1)")
    about = "keep documents and the run directory here, also when interrupted (default: a temporary folder)"
    parser.add_argument("--out", type=Path, metavar="DIR", help=about)
    parser.add_argument("--quick", action="store_true", help="one drill of each document")
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")
    options = parser.parse_args(arguments)
    here, runs = machine.this_machine(), 1 if options.quick else options.runs
    try:
        with TemporaryDirectory() as name:
            folder = options.out or Path(name)
            folder.mkdir(parents=True, exist_ok=True)
            found = verdicts(runs, options.seed, options.jobs, folder)
    except UnusableError as error:
        sys.stderr.write(f"planted: {error}\n")
        return 2
    judged = thresholds(found)
    if options.json:
        sys.stdout.write(json.dumps({"machine": here.to_json(), "verdicts": found}, indent=2) + "\n")
    else:
        sys.stdout.write(machine.lines(here) + "\n")
        sys.stdout.writelines(f"{each.line}\n" for each in judged)
    return 0 if all(each.ok for each in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
