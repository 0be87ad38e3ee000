"""The parameters that the bindings give to a fault: every mistake is named before anything runs."""

import pytest

from harness.bindings import FaultSpec
from harness.errors import BindingError
from harness.faults.factory import FAULTS, make_fault
from tests.support.paths import RUNBOOK


@pytest.mark.parametrize(
    ("name", "parameters", "fact"),
    [
        ("pod-kill", {"every": 3}, "unknown parameter every; this fault has: every_s"),
        ("pod-kill", {"every_s": "often"}, "every_s must be a number of at least 0, not `often`"),
        ("cpu-pressure", {"workers": 0}, "workers must be a number of at least 1, not `0`"),
        ("partition", {}, "from is missing"),
        ("scale-to-zero", {"replicas": 1}, "unknown parameter replicas; this fault has: none"),
    ],
)
def test_wrong_parameter_is_named_with_its_fault(name: str, parameters: dict[str, float | str], fact: str) -> None:
    with pytest.raises(BindingError, match=f"fault `inference: {name}") as refused:
        make_fault(FaultSpec("inference", name, parameters))
    assert fact in str(refused.value)


def test_every_fault_is_documented() -> None:
    page = (RUNBOOK.parent.parent / "docs" / "reference" / "bindings.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in page for name in FAULTS.names())
