"""Documents that are a runbook as a whole, or have several, in the forms in which teams write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.model import Command, Role, Runbook
from harness.report.document import to_text
from harness.runbook import nothing_to_test, parse
from harness.runbook.synonyms import SECTIONS as SYNONYMS
from harness.runbook.synonyms import section_like

LOOK, CHANGE = "kubectl get pods", "kubectl delete pod api-0"


def book(text: str, path: str = "<text>") -> Runbook:
    (found,) = parse(text, path).runbooks
    return found


def commands(found: Runbook) -> list[Command]:
    made = [*found.commands, *(command for action in found.actions for command in action.commands)]
    return sorted(made, key=lambda command: command.line)


def texts(body: str) -> list[str]:
    """The commands of a document with this section of the diagnosis."""
    return [command.text for command in commands(book(f"# Queue stuck\n\n## Diagnosis\n\n{body}\n"))]


def manual(body: str, section: str = "Mitigation") -> dict[str, str]:
    """Why each command is left to a person; "" for one that runs."""
    found = book(f"# Queue stuck\n\n## {section}\n\n{body}\n")
    return {command.text: command.manual for command in commands(found)}


def roles(text: str) -> dict[str, Role | None]:
    return {command.text: command.role for command in commands(book(text))}


BODY = f"## Diagnosis\n\n- `{LOOK}`\n"


@pytest.mark.parametrize(
    ("text", "path", "name"),
    [
        (f"# KubeAPIDown\n\n{BODY}", "<text>", ("KubeAPIDown", "KubeAPIDown")),
        (f"# Alert: KubeAPIDown\n\n{BODY}", "<text>", ("KubeAPIDown", "Alert: KubeAPIDown")),
        (f"# The API is down\n\n{BODY}", "docs/KubeAPIDown.md", ("KubeAPIDown", "The API is down")),
        (f"# The API is down\n\n{BODY}", "docs/api.md", ("THE_API_IS_DOWN", "The API is down")),
        (f"---\ntitle: API down\nalert: KubeAPIDown\n---\n\n{BODY}", "<text>", ("KubeAPIDown", "API down")),
        (f'+++\ntitle = "API down"\n+++\n\n{BODY}', "<text>", ("API_DOWN", "API down")),
        (
            f"---\ntitle: API down\n---\n# <%= current_page.title %>\n\n{BODY}",
            "a.html.md.erb",
            ("API_DOWN", "API down"),
        ),
        (BODY, "docs/api-down.md", ("API_DOWN", "api down")),
        (BODY, "<text>", ("RUNBOOK", "Runbook")),
    ],
)
def test_a_document_is_one_runbook_with_an_id(text: str, path: str, name: tuple[str, str]) -> None:
    found = book(text, path)
    assert (found.id, found.title) == name
    assert [command.text for command in commands(found)] == [LOOK]


@pytest.mark.parametrize(
    "text",
    [
        "# Alerts\n\n## DiskFull\n\n`df -h`\n\n## QueueStuck\n\n```sh\nkubectl get pods\n```\n",
        "# Book\n\n## 1. Disk full\n\n### Impact\n\nBad.\n\n### Fix\n\n`df -h`\n\n"
        "## 2. Queue stuck\n\n### Meaning\n\nBad.\n\n### Remediation\n\n`kubectl get pods`\n",
        "# Book\n\n## Disk full\n\n**Impact:** bad\n\n**Fix:** `df -h`\n\n"
        "## Queue stuck\n\n**Impact:** bad\n\n**Fix:** `kubectl get pods`\n",
        "# Book\n\n## Incident 1: Disk full\n\n`df -h`\n\n## Incident 2: Queue stuck\n\n`kubectl get pods`\n",
    ],
)
def test_like_sections_of_a_document_are_a_runbook_each(text: str) -> None:
    assert [[command.text for command in commands(found)] for found in parse(text).runbooks] == [["df -h"], [LOOK]]


def test_two_runbooks_whose_ids_are_made_from_the_same_heading_get_numbers() -> None:
    one = "## Disk full\n\n### Impact\n\nBad.\n\n### Fix\n\n`df -h`\n\n"
    assert [found.id for found in parse(f"# Book\n\n{one}{one}").runbooks] == ["DISK_FULL", "DISK_FULL_2"]


def test_a_word_in_capitals_before_a_colon_is_no_id_where_commands_are_elsewhere() -> None:
    assert book("# Names\n\n## DNS: how it works\n\n### TTL\n\nwords\n\n## Look\n\n```sh\ndig x\n```\n").id == "NAMES"


SECTIONS = f"""\
# Queue stuck

## Meaning

Nothing moves. `kubectl get events` shows it.

## Investigation steps

1. Look: `{LOOK}`

### Deeper

```
kubectl describe pod api-0
```

## Resolution

Scale out:

```bash
kubectl scale deploy/api --replicas=3
```

### Verify the fix

`kubectl get deploy`

## Diagnosis

`kubectl logs api-0`

## Rollback

`kubectl scale deploy/api --replicas=1`

## Escalation

- Call the team of the queue
- `kubectl get secret pager`

## Something else

`kubectl get ns`
"""


def test_steps_have_the_role_of_their_section_or_of_their_command() -> None:
    assert roles(SECTIONS) == {
        "kubectl get events": Role.DIAGNOSE,
        LOOK: Role.DIAGNOSE,
        "kubectl describe pod api-0": Role.DIAGNOSE,
        "kubectl scale deploy/api --replicas=3": Role.CHANGE,
        "kubectl get deploy": Role.VERIFY,
        "kubectl logs api-0": Role.DIAGNOSE,
        "kubectl scale deploy/api --replicas=1": Role.ROLL_BACK,
        "kubectl get secret pager": Role.ESCALATE,
        "kubectl get ns": Role.DIAGNOSE,
    }


def test_commands_of_sections_that_do_not_respond_are_left_to_a_person() -> None:
    left = [command.text for command in commands(book(SECTIONS)) if command.manual]
    assert left == ["kubectl get events", "kubectl scale deploy/api --replicas=1", "kubectl get secret pager"]


def test_sections_have_the_name_of_the_synonym_table() -> None:
    assert [(part.line, part.text, part.name) for part in book(SECTIONS).sections] == [
        (3, "Meaning", "Meaning"),
        (7, "Investigation steps", "Diagnosis"),
        (17, "Resolution", "Mitigation"),
        (25, "Verify the fix", "Verification"),
        (29, "Diagnosis", "Diagnosis"),
        (33, "Rollback", "Rollback"),
        (37, "Escalation", "Escalation"),
        (42, "Something else", ""),
    ]


def test_the_table_of_the_documentation_is_the_synonym_table() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "runbooks.md").read_text()
    below = page.split("### Names of sections", 1)[1].split("### Roles", 1)[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in below.split("\n") if line.startswith("| ")
    ][1:]
    assert [row[0] for row in rows] == [each.name for each in SYNONYMS]
    for section, names, role in rows:
        found = [section_like(name.strip()) for name in names.split(",")]
        assert [(each.name, each.role.value) for each in found if each] == [(section, role)] * len(found), names


def test_show_prints_sections_and_roles() -> None:
    shown = to_text(parse(SECTIONS))
    assert "   17      Resolution  [Mitigation, change]\n" in shown
    assert "   22      kubectl scale deploy/api --replicas=3  [change]\n" in shown
    assert "             $ kubectl get pods  [diagnose]\n" in shown


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("Restart the pod", Role.CHANGE),
        ("Verify that it is gone", Role.VERIFY),
        ("Roll back the release", Role.ROLL_BACK),
        ("Escalate to the database team", Role.ESCALATE),
        ("Check the dashboards", Role.DIAGNOSE),
        ("Coffee", Role.UNKNOWN),
    ],
)
def test_an_action_has_the_role_of_its_verb(text: str, role: Role) -> None:
    (action,) = book(f"# Queue stuck\n\n## Something\n\n- {text}\n").actions
    assert action.role is role


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("1. Look at `kubectl get a`, then `kubectl get b`.", ["kubectl get a", "kubectl get b"]),
        (
            "- One\n\n  ```\n  kubectl get a\n  ```\n\n  - Two\n\n        kubectl get b",
            ["kubectl get a", "kubectl get b"],
        ),
        ("Run:\n    ```\n    kubectl get a\n    kubectl get b\n    ```", ["kubectl get a", "kubectl get b"]),
        ("!!! note\n\n    ```sh\n    kubectl get a\n    ```", ["kubectl get a"]),
        ('??? tip "More"\n\n    `kubectl get a`', ["kubectl get a"]),
        ("> [!NOTE]\n> Use `kubectl get a`", ["kubectl get a"]),
        ("{{% notice note %}}\n`kubectl get a`\n{{% /notice %}}", ["kubectl get a"]),
        ("<details>\n<summary>More</summary>\n```sh\nkubectl get a\n```\n</details>", ["kubectl get a"]),
        ("<div>\n\n`kubectl get a`\n\n</div>", ["kubectl get a"]),
        (
            "| Command | Use |\n|---|---|\n| `kubectl get a` | look |\n| `kubectl get b` | look |",
            ["kubectl get a", "kubectl get b"],
        ),
        ("{% highlight bash %}\nkubectl get a\n{% endhighlight %}", ["kubectl get a"]),
        ("```console\n$ oc get a\nNAME\nx\n# oc get b\n$ oc get c\n```", ["oc get a", "oc get c"]),
        ("```\n# kubectl get a\nx y\n```", ["kubectl get a"]),
        ("```text\n$ kubectl get a\nx y\n```", ["kubectl get a"]),
        ("```console\n$ cat <<EOF\n$ x\nEOF\nout\n$ kubectl get a\n```", ["cat <<EOF\n$ x\nEOF", "kubectl get a"]),
        ("```\nkubectl get a |\n  grep b \\\n  | wc -l\n```", ["kubectl get a |\n  grep b \\\n  | wc -l"]),
        ("```\nkubectl get a\nfoo: bar\n```", ["kubectl get a"]),
        ("```\nsum by (pod) (rate(x[5m]))\n```\n\n`kubectl get a`", ["kubectl get a"]),
        ("<% if x %>\n`kubectl get a -n <%= name %>`\n<% end %>", ["kubectl get a -n <%= name %>"]),
        ("Use `kubectl` and the `node` label: `kubectl get a`", ["kubectl get a"]),
    ],
)
def test_commands_are_found_in_every_form(body: str, expected: list[str]) -> None:
    assert texts(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "```\nkubectl get a\nfoo: bar\n```",
        "```\nsum by (pod) (rate(x[5m]))\n```\n\n`kubectl get a`",
        "```console\n$ kubectl get a\nfoo: bar\n```",
        "```sql\nselect sum(rate)\n```\n\n`kubectl get a`",
    ],
)
def test_what_is_no_command_is_listed_with_the_reason(body: str) -> None:
    unread = parse(f"# Queue stuck\n\n## Diagnosis\n\n{body}\n").unread
    assert [part for part in unread if part.why and ("foo: bar" in part.text or "rate" in part.text)]


@pytest.mark.parametrize(
    "body",
    [
        "If the disk is full, run `{0}`",
        "- If the disk is full: `{0}`",
        "If the disk is full:\n\n```sh\n{0}\n```",
        "### If the disk is full\n\n```sh\n{0}\n```",
        "```sh\n# if the disk is full\n{0}\n```",
        "### Case 2: full disk\n\n`{0}`",
        "### Option B\n\n`{0}`",
        "For example:\n\n```sh\n{0}\n```",
        "For example, `{0}`",
        "Restart it, or run `kubectl get a` or `{0}`",
        "Never run `{0}`",
        "!!! danger\n\n    `{0}`",
        "{{{{% notice warning %}}}}\n`{0}`\n{{{{% /notice %}}}}",
        "| Command | When |\n|---|---|\n| `{0}` | if it hangs |",
        '=== "kubectl"\n\n    `kubectl get a`\n\n=== "other"\n\n    `{0}`',
        '<TabItem value="a">\n\n`kubectl get a`\n\n</TabItem>\n<TabItem value="b">\n\n`{0}`\n\n</TabItem>',
    ],
)
def test_a_change_in_some_case_only_is_left_to_a_person(body: str) -> None:
    assert manual(body.format(CHANGE))[CHANGE]


@pytest.mark.parametrize(
    "body",
    [
        "If the disk is full, run `{0}`",
        "For example:\n\n```sh\n{0}\n```",
        "### Case 2: full disk\n\n`{0}`",
    ],
)
def test_a_look_in_some_case_only_runs(body: str) -> None:
    assert manual(body.format(LOOK)) == {LOOK: ""}


@pytest.mark.parametrize(
    "body", ["Restart it: `{0}`", "If this alert fires, run `{0}`", "```sh\n{0}\n```", "### Option A\n\n`{0}`"]
)
def test_a_change_that_the_document_asks_for_runs(body: str) -> None:
    assert manual(body.format(CHANGE)) == {CHANGE: ""}


@pytest.mark.parametrize("section", ["Rollback", "Background", "Examples", "Escalation"])
def test_a_mark_makes_a_step_of_what_is_left_to_a_person(section: str) -> None:
    assert manual(f"`{CHANGE}`", section)[CHANGE]
    assert manual(f"<!-- gameday: run -->\n`{CHANGE}`", section) == {CHANGE: ""}


def test_a_document_without_steps_has_no_runbook() -> None:
    document = parse("# Welcome\n\nNothing to see here.\n\n## Meaning\n\nwords\n")
    assert document.runbooks == ()
    assert "there is no runbook in it" in (nothing_to_test(document) or "")


@pytest.mark.parametrize(
    "unit",
    ["```\n{\n", "- `kubectl get a`\n", "```console\n$ echo don't\n```\n", "## A: b\n\n`ls -l`\n", "if x; then\n"],
)
def test_the_time_to_read_grows_with_the_length_only(unit: str) -> None:
    """Counted in calls of the parser of bash, not in seconds."""
    assert _parses(unit, 400) <= 2.5 * _parses(unit, 200)


def _parses(unit: str, times: int) -> int:
    from unittest import mock

    from harness.bash import split

    split._tree.cache_clear()
    with mock.patch.object(split, "syntax_tree", wraps=split.syntax_tree) as parser:
        parse("# T\n\n## Steps\n\n```sh\n" + unit * times)
    return 50 + parser.call_count
