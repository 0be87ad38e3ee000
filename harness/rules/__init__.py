"""Alert rules from SLOs: multi-window, multi-burn-rate, as in the SRE Workbook; with unit tests for promtool; pure."""

from harness.rules.generate import Alert, Rules, rules_of

__all__ = ["Alert", "Rules", "rules_of"]
