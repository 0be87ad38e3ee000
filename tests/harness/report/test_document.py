"""A document as JSON and as text, as `gameday show` prints it."""

from __future__ import annotations

import json
from pathlib import Path

from harness.report.document import to_json, to_text
from harness.runbook import parse, read

USER = Path(__file__).parents[2] / "data" / "operations-user.md"

SMALL = """\
# Small

### DISK_FULL: Disk full

Owner: me

**Symptoms:**

- slow

**Immediate Actions:**

1. Look: `df -h`

**Commands:**

```bash
# Scale
kubectl scale deploy x \\
  --replicas=3
```

**Toggles:**

- `KEEP_DAYS`: Decrease from 30 to 7
- `DUMPS`: Set to false

**Dashboards:**

- Grafana: Disks

## General commands

```bash
kubectl get pv
```

## Alerts

### Critical (P0)

1. **Response**: Acknowledge within 5 minutes

## Escalation

### Level 2: Seniors

- Think

## Post-incident

- Write
"""


RUNBOOK = {
    "id": "DISK_FULL",
    "title": "Disk full",
    "line": 3,
    "symptoms": [{"line": 9, "text": "slow"}],
    "actions": [
        {
            **{"line": 13, "text": "Look: `df -h`", "role": "diagnose"},
            "commands": [{"line": 13, "text": "df -h", "title": "", "role": "diagnose"}],
        }
    ],
    "commands": [{"line": 19, "text": "kubectl scale deploy x \\\n  --replicas=3", "title": "Scale", "role": "change"}],
    "toggles": [
        {"line": 25, "text": "`KEEP_DAYS`: Decrease from 30 to 7", "name": "KEEP_DAYS", "from": "30", "to": "7"},
        {"line": 26, "text": "`DUMPS`: Set to false", "name": "DUMPS", "from": None, "to": "false"},
    ],
    "dashboards": [{"line": 30, "text": "Grafana: Disks", "system": "Grafana", "name": "Disks"}],
}
NO_PROCEDURE = {"group": "", "name": "", "priority": None, "level": None, "deadline_s": None}
ALERT = {
    **{"line": 42, "text": "Response: Acknowledge within 5 minutes", "group": "Critical (P0)", "name": "Response"},
    **{"priority": "P0", "level": None, "deadline_s": 300},
}


def test_json_has_every_field_of_every_part() -> None:
    assert json.loads(to_json(parse(SMALL, "small.md"))) == {
        "path": "small.md",
        "title": "Small",
        "runbooks": [RUNBOOK],
        "general": [
            {"line": 35, "text": "kubectl get pv", "title": "", "role": "diagnose", "section": "General commands"}
        ],
        "alerts": [ALERT],
        "escalation": [{**NO_PROCEDURE, "line": 48, "text": "Think", "group": "Level 2: Seniors", "level": 2}],
        "post_incident": [{**NO_PROCEDURE, "line": 52, "text": "Write"}],
        "unread": [{"line": 5, "text": "Owner: me", "why": "prose: nothing to run"}],
    }


def test_text_has_the_line_number_before_every_part() -> None:
    assert (
        to_text(parse(SMALL, "small.md"))
        == """\
small.md: Small
1 runbook, 1 symptom, 1 action, 1 command, 2 toggles, 1 dashboard, 1 general command, 1 not understood

    3  DISK_FULL: Disk full
         Symptoms
    9      slow
         Immediate actions
   13      Look: `df -h`
             $ df -h  [diagnose]
         Commands
           # Scale
   19      kubectl scale deploy x \\  [change]
             --replicas=3
         Toggles
   25      KEEP_DAYS: 30 -> 7
   26      DUMPS: false
         Dashboards
   30      Grafana: Disks

       General commands
         General commands
   35      kubectl get pv  [diagnose]

       Alert procedures
         Critical (P0)
   42      Response: Acknowledge within 5 minutes
             limit: 300 s

       Escalation
         Level 2: Seniors
   48      Think

       After an incident
   52    Write

       Not understood
    5    Owner: me
           (prose: nothing to run)
"""
    )


def test_text_of_the_shipped_document_has_every_part() -> None:
    document = read(USER)
    lines = to_text(document).split("\n")
    for book in document.runbooks:
        steps = [*(each for each in book.actions if not each.commands), *book.commands]
        roles = {id(each): f"  [{each.role.value}]" for each in steps}
        for part in (*book.symptoms, *book.actions, *book.commands):
            end = f"{part.text}{roles.get(id(part), '')}"
            assert any(line.startswith(f"{part.line:5} ") and line.endswith(end) for line in lines)
        for toggle in book.toggles:
            assert any(line.startswith(f"{toggle.line:5} ") and f"{toggle.name}: " in line for line in lines)


def test_text_marks_an_empty_runbook() -> None:
    assert "nothing stands under this heading" in to_text(parse("### TIMEOUT: Timeouts\n"))


def test_text_escapes_control_characters() -> None:
    text = to_text(parse("### TIMEOUT: Timeouts\n\n**Symptoms:**\n\n- slow \x1b[2J\u202e\n"))
    assert "slow \\x1b[2J\\u202e" in text
