"""Functions of the Chaos Toolkit experiment: measure a P95 in a window of stock locust, and remove faults."""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
MARGIN_S = 30


def p95_ms(host: str, users: int, window_s: int) -> int:
    """Return the P95 in ms, as rounded by locust, of a run of `window_s` seconds. Raises RuntimeError if no request."""
    with tempfile.TemporaryDirectory() as folder:
        argv = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--host", host, "--headless", "--only-summary"]
        argv += ["-u", str(users), "-r", str(users), "-t", f"{window_s}s", "--csv", f"{folder}/window"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=window_s + MARGIN_S, check=False)
        return aggregated_p95(Path(folder) / "window_stats.csv", done.stderr)


def aggregated_p95(stats: Path, stderr: str) -> int:
    """Return the P95 in ms of locust's `…_stats.csv`. Raises RuntimeError with `stderr` when it has no request."""
    if stats.exists():
        with stats.open(newline="", encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                if row["Name"] == "Aggregated" and int(row["Request Count"]):
                    return int(row["95%"])
    raise RuntimeError(f"locust counted no request; its stderr: {stderr.strip()[-300:]}")


def p95_above(host: str, users: int, window_s: int, limit_ms: int) -> int:
    """Return the P95 in ms. Raises RuntimeError when it is not above the limit: a method ignores tolerances."""
    found = p95_ms(host, users, window_s)
    if found <= limit_ms:
        raise RuntimeError(f"no incident: P95 is {found} ms, not above {limit_ms} ms")
    return found


def remove_faults(admin_url: str, secrets: Mapping[str, str]) -> str:
    """Remove all faults of a pod; a pod that was replaced has none any more."""
    request = urllib.request.Request(  # noqa: S310  # http://, of a platform that we started
        f"{admin_url}/faults", method="DELETE", headers={"Authorization": secrets["authorization"]}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return f"removed: {answer.status}"
    except urllib.error.URLError as error:
        if isinstance(error.reason, ConnectionRefusedError | ConnectionResetError):
            return "the pod was replaced"
        raise
