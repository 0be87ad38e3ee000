"""The use cases of gameday as functions: request in, result out. The CLI, the tests and other programs call these.

No function here parses arguments, prints, handles signals or exits. Each raises GamedayError with a message for people.
The members of this package are imported on first use, so that `gameday plan` does not pay for `gameday run`.
Progress goes to `notify` (one line of text) and to `listeners` (events of the record); setting `stop` interrupts a run.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.app.alert_rules import RulesRequest, RulesResult, rules
    from harness.app.checking import CheckRequest, CheckResult, check
    from harness.app.comparing import (
        CompareRequest,
        CompareResult,
        compare,
        read_comparison,
        write_comparison_page,
    )
    from harness.app.discovering import Discovered, DiscoverRequest, discover
    from harness.app.documents import ShowRequest, ShowResult, show
    from harness.app.drilling import DrillRequest, drill
    from harness.app.granting import RbacRequest, rbac
    from harness.app.history import (
        BaselineRequest,
        HistoryRequest,
        HistoryResult,
        PinRequest,
        PruneRequest,
        TrendRequest,
        keep,
        list_runs,
        pin,
        prune,
        show_baselines,
        trend,
        unpin,
        write_history_page,
    )
    from harness.app.linting import LintRequest, LintResult, find_rule, run_lint
    from harness.app.members import format_names, platform_names
    from harness.app.monitoring import MonitoringChoice
    from harness.app.page import PageRequest, handled, watched
    from harness.app.papers import PostmortemRequest, PostmortemResult, postmortem
    from harness.app.planning import PlanRequest, PlanResult, plan
    from harness.app.platforms import DownRequest, LoadTarget, PlatformChoice, UpRequest, UpResult, down, up
    from harness.app.proposing import Edited, InitRequest, init
    from harness.app.recovery import Recovered, RecoverRequest, recover
    from harness.app.regression import RegressRequest, RegressResult, regress, write_regression_page
    from harness.app.reporting import RECORD, ReportRequest, is_comparison, render, report, write_page
    from harness.app.running import ListenerFactory, Notify, RunRequest, RunResult, run
    from harness.app.serving import UiRequest, ui
    from harness.app.slos import (
        JudgedSlo,
        SloCheckRequest,
        SloImportRequest,
        SloImportResult,
        check_slos,
        import_slos,
        show_slos,
    )
    from harness.listeners.progress import ReadJudge
    from harness.plan import Start
    from harness.platforms.base import PlatformOptions

__all__ = [
    "RECORD",
    "BaselineRequest",
    "CheckRequest",
    "CheckResult",
    "CompareRequest",
    "CompareResult",
    "DiscoverRequest",
    "Discovered",
    "DownRequest",
    "DrillRequest",
    "Edited",
    "HistoryRequest",
    "HistoryResult",
    "InitRequest",
    "JudgedSlo",
    "LintRequest",
    "LintResult",
    "ListenerFactory",
    "LoadTarget",
    "MonitoringChoice",
    "Notify",
    "PageRequest",
    "PinRequest",
    "PlanRequest",
    "PlanResult",
    "PlatformChoice",
    "PlatformOptions",
    "PostmortemRequest",
    "PostmortemResult",
    "PruneRequest",
    "RbacRequest",
    "ReadJudge",
    "RecoverRequest",
    "Recovered",
    "RegressRequest",
    "RegressResult",
    "ReportRequest",
    "RulesRequest",
    "RulesResult",
    "RunRequest",
    "RunResult",
    "ShowRequest",
    "ShowResult",
    "SloCheckRequest",
    "SloImportRequest",
    "SloImportResult",
    "Start",
    "TrendRequest",
    "UiRequest",
    "UpRequest",
    "UpResult",
    "check",
    "check_slos",
    "compare",
    "discover",
    "down",
    "drill",
    "find_rule",
    "format_names",
    "handled",
    "import_slos",
    "init",
    "is_comparison",
    "keep",
    "list_runs",
    "pin",
    "plan",
    "platform_names",
    "postmortem",
    "prune",
    "rbac",
    "read_comparison",
    "recover",
    "regress",
    "render",
    "report",
    "rules",
    "run",
    "run_lint",
    "show",
    "show_baselines",
    "show_slos",
    "trend",
    "ui",
    "unpin",
    "up",
    "watched",
    "write_comparison_page",
    "write_history_page",
    "write_page",
    "write_regression_page",
]

_MEMBERS = {
    "harness.app.granting": "RbacRequest rbac",
    "harness.app.checking": "CheckRequest CheckResult check",
    "harness.app.comparing": "CompareRequest CompareResult compare read_comparison write_comparison_page",
    "harness.app.discovering": "DiscoverRequest Discovered discover",
    "harness.app.documents": "ShowRequest ShowResult show",
    "harness.app.drilling": "DrillRequest drill",
    "harness.app.proposing": "Edited InitRequest init",
    "harness.app.history": "BaselineRequest HistoryRequest HistoryResult PinRequest PruneRequest keep"
    " TrendRequest list_runs pin prune show_baselines trend unpin write_history_page",
    "harness.app.linting": "LintRequest LintResult find_rule run_lint",
    "harness.app.members": "format_names platform_names",
    "harness.app.monitoring": "MonitoringChoice",
    "harness.app.planning": "PlanRequest PlanResult plan",
    "harness.app.platforms": "DownRequest LoadTarget PlatformChoice UpRequest UpResult down up",
    "harness.app.page": "PageRequest handled watched",
    "harness.app.papers": "PostmortemRequest PostmortemResult postmortem",
    "harness.app.recovery": "RecoverRequest Recovered recover",
    "harness.app.regression": "RegressRequest RegressResult regress write_regression_page",
    "harness.app.reporting": "RECORD ReportRequest is_comparison render report write_page",
    "harness.app.alert_rules": "RulesRequest RulesResult rules",
    "harness.app.running": "ListenerFactory Notify RunRequest RunResult run",
    "harness.app.slos": "JudgedSlo SloCheckRequest SloImportRequest SloImportResult check_slos import_slos show_slos",
    "harness.app.serving": "UiRequest ui",
    "harness.listeners.progress": "ReadJudge",
    "harness.plan": "Start",
    "harness.platforms.base": "PlatformOptions",
}
_MODULE_OF = {name: module for module, names in _MEMBERS.items() for name in names.split()}


def __getattr__(name: str) -> object:
    """Import a member of this package on first use (PEP 562)."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)
