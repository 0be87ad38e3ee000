"""The policy: which commands of a runbook may run. Pure: it reads a parsed text and starts nothing.

`check.refusals` is the entry point and documents the threat model; `classify` describes what a command does.
"""
