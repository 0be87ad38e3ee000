"""Proposals for gameday.yaml, from a runbook document or from what describes the services, and their insertion."""
