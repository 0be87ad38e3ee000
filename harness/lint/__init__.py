"""Finds what is wrong with a runbook from its text alone; pure: rules over the parsed page, no process, no network."""
