"""A drill whose fault and runbook are hidden from the person who handles its incident."""

from __future__ import annotations

HIDDEN = "incident"
"""The id of such a drill on the page, in place of its runbook's."""
