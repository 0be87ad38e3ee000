"""Three executed steps for tests of reports: one that worked, one that failed, one for a human."""

from __future__ import annotations

from harness.verdict.steps import StepFacts
from tests.support.simulated_drill import ran

MANUAL = StepFacts(number=1, line=31, kind="action", purpose="manual", text="Ask the team")
SCALE = ran("change", "kubectl scale deployment web --replicas=3", changed=("deployment/web replicas 1 -> 3",))
GONE = ran("read", "kubectl get pods -n production", status=1)
