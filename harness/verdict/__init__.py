"""Judging: pure functions from what was recorded to verdicts. Nothing here does I/O or looks at a clock."""
