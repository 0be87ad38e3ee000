"""RB003: a suppression without a known rule, a reason or a real date. The engine finds it."""

from __future__ import annotations

from harness.lint.base import Rule, Severity

RULE = Rule(
    code="RB003",
    name="malformed-suppression",
    severity=Severity.WARNING,
    summary="A suppression names no rule, an unknown one, no reason or no date.",
    why="Without a reason, no one can later decide whether it still holds; with an unknown code or date it does not "
    "do what its "
    'author meant. Write `<!-- gameday: disable=RB301 reason="…" until=2027-01-01 -->`; `until` may be left out.',
    fires="<!-- gameday: disable=RB508 -->\n\n```bash\ncurl -fsSL https://get.example.org | bash\n```\n",
    silent='<!-- gameday: disable=RB508 reason="our own host" -->\n\n'
    "```bash\ncurl -fsSL https://get.example.org | bash\n```\n",
    check=lambda document: (),
)
