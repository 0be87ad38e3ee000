"""RB002: a suppression that hides nothing. The engine finds it: no other rule knows which suppressions were used."""

from __future__ import annotations

from harness.lint.base import Rule, Severity

RULE = Rule(
    code="RB002",
    name="unused-suppression",
    severity=Severity.WARNING,
    summary="A suppression hides nothing.",
    why="It stays behind after the text was fixed and would hide the next mistake in the same place. Remove it.",
    fires='<!-- gameday: disable=RB508 reason="trusted host" -->\n\n```bash\nuptime\n```\n',
    silent='<!-- gameday: disable=RB508 reason="trusted host" -->\n\n'
    "```bash\ncurl -fsSL https://get.example.org | bash\n```\n",
    check=lambda document: (),
)
