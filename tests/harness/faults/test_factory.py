"""Which fault a line of the bindings makes: a registered member by its name, else one of the service itself."""

from pathlib import Path

import pytest

from harness.bindings import FaultSpec
from harness.faults import factory
from harness.faults.admin import AdminFault
from harness.faults.factory import make_fault
from harness.faults.pod_kill import PodKill
from harness.registry import Family

THIRD_PARTY = """
from harness.faults.base import Injection

class DnsLoss:
    def __init__(self, spec):
        self.text = spec.text

    def prepare(self, target):
        return Injection("restore DNS", lambda: None, lambda: None)
"""


def test_registered_name_makes_its_member() -> None:
    assert isinstance(make_fault(FaultSpec("inference", "pod-kill")), PodKill)


def test_other_name_makes_a_fault_of_the_service_itself() -> None:
    fault = make_fault(FaultSpec("inference", "slot-loss", {"slots": 5}))
    assert isinstance(fault, AdminFault)
    assert fault.text == "inference: slot-loss slots=5"


def test_fault_of_another_package_is_made_by_its_registered_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dns_loss.py").write_text(THIRD_PARTY)
    metadata = tmp_path / "gameday_dns-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: gameday-dns\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[gameday.faults]\ndns-loss = dns_loss:DnsLoss\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(factory, "FAULTS", Family("faults"))
    fault = make_fault(FaultSpec("inference", "dns-loss", {"share": 0.5}))
    assert fault.text == "inference: dns-loss share=0.5"
    assert fault.prepare(None).text == "restore DNS"  # type: ignore[arg-type]
