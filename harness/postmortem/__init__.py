"""The papers after an incident: incident report, root cause, action items, a patch of the runbook, a review sheet."""
