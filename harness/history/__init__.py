"""Earlier runs: a SQLite file of all runs, pinned baselines, regressions of P95, and VIF estimates."""

from pathlib import Path

DEFAULT_HISTORY = Path(".gameday/history.db")
"""In the working directory."""
