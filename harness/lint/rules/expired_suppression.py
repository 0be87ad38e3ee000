"""RB001: a suppression whose day has passed. The engine finds it: no other rule knows which suppressions were used."""

from __future__ import annotations

from harness.lint.base import Rule, Severity

RULE = Rule(
    code="RB001",
    name="expired-suppression",
    severity=Severity.WARNING,
    summary="A suppression has expired.",
    why="The finding was to be fixed by that day. An expired suppression hides nothing: fix what it hid, or decide "
    "again and "
    "set a new day.",
    fires='<!-- gameday: disable=RB508 reason="until the package exists" until=2020-01-01 -->\n\n'
    "```bash\ncurl -fsSL https://get.example.org | bash\n```\n",
    silent='<!-- gameday: disable=RB508 reason="until the package exists" until=2999-01-01 -->\n\n'
    "```bash\ncurl -fsSL https://get.example.org | bash\n```\n",
    check=lambda document: (),
)
