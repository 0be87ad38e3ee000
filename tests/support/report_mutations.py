"""Reports mutated records, one per seed: `report_mutations FOLDER FIRST END BYTES SECONDS`.

The memory of this process is limited to BYTES more than it has at the start, the processor time of each record to
SECONDS. Ends with a traceback on the first one that passes, or that is neither an error with a message nor a result.
"""

from __future__ import annotations

import json
import random
import resource
import signal
import sys
from pathlib import Path

from harness.app import ReportRequest, render, report
from harness.errors import GamedayError
from harness.verdict.result import Verdict
from tests.support.hostile import control_characters
from tests.support.record_mutations import mutated

FORMATS = ("text", "json", "junit", "markdown")


def main(folder: Path, seeds: range, memory_bytes: int, seconds: float) -> None:
    """Report every mutation."""
    lines = json.loads((folder / "lines.json").read_text())
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + memory_bytes, size + memory_bytes))
    for seed in seeds:
        sys.stdout.write(f"seed {seed}\n")
        sys.stdout.flush()
        (folder / "record.jsonl").write_bytes(mutated(lines, random.Random(seed)))
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)  # its signal ends the process
        try:
            result = report(ReportRequest(folder))
        except GamedayError:
            continue
        assert result.verdict is not Verdict.PASSED
        for name in FORMATS:
            assert control_characters(render(result, name).encode().decode()) <= {"\t"}, name


if __name__ == "__main__":
    main(Path(sys.argv[1]), range(int(sys.argv[2]), int(sys.argv[3])), int(sys.argv[4]), float(sys.argv[5]))
