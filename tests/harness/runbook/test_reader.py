"""The runbook parser: the user's document in full, text that is not understood, and files that are refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from harness.errors import DocumentError
from harness.model import Command, Dashboard, Document, Role, Toggle, Unread
from harness.report.document import to_json, to_text
from harness.runbook import nothing_to_test, parse, read

DATA = Path(__file__).parents[2] / "data"
USER = DATA / "operations-user.md"
SHIPPED = Path(__file__).parents[3] / "runbooks" / "operations.md"
ENTRY = "### TIMEOUT: Timeouts\n\n"


def commands(document: Document) -> list[tuple[int, str, str]]:
    return [(command.line, command.title, command.text) for command in document.runbooks[0].commands]


def unread(document: Document) -> list[tuple[int, str]]:
    return [(part.line, part.text) for part in document.unread]


def test_the_users_document_is_parsed_completely() -> None:
    found = json.loads(to_json(read(USER)))
    found["path"] = "operations-user.md"
    assert found == json.loads((DATA / "operations-user.json").read_text())


def test_every_part_of_the_users_document_has_its_line() -> None:
    lines = USER.read_text().split("\n")
    document = read(USER)
    for book in document.runbooks:
        assert lines[book.line - 1] == f"### {book.id}: {book.title}"
        for part in (*book.symptoms, *book.actions, *book.toggles, *book.dashboards):
            assert part.text in lines[part.line - 1]
        for command in (*book.commands, *(command for action in book.actions for command in action.commands)):
            assert command.text in lines[command.line - 1]
    for command in document.general:
        assert (lines[command.line - 1], lines[command.line - 2]) == (command.text, f"# {command.title}")


def test_the_shipped_document_states_the_same_facts() -> None:
    ours, users = read(SHIPPED), read(USER)
    assert [_facts(book) for book in ours.runbooks] == [_facts(book) for book in users.runbooks]
    assert [(c.section, c.text) for c in ours.general] == [(c.section, c.text) for c in users.general]
    for group in ("alerts", "escalation", "post_incident"):
        assert _procedures(ours, group) == _procedures(users, group)
    assert [part.why for part in ours.unread] == ["prose: nothing to run"]


def _facts(book: object) -> object:
    """A runbook without the comments of its commands."""
    found = json.loads(to_json(Document("", "", (book,))))["runbooks"][0]  # type: ignore[arg-type]
    for command in found["commands"]:
        del command["title"]
    return found


def _procedures(document: Document, group: str) -> list[tuple[object, ...]]:
    return [(p.group, p.name, p.priority, p.level, p.deadline_s) for p in getattr(document, group)]


@pytest.mark.parametrize("lines", range(1, 283, 4))
def test_a_truncated_document_is_parsed_up_to_the_cut(lines: int) -> None:
    text = "\n".join(USER.read_text().split("\n")[:lines])
    document = parse(text)
    assert_nothing_is_lost(text, document)
    in_a_fence = text.count("```") % 2
    assert [part.why[:25] for part in document.unread if "fence" in part.why] == [
        "this fence is not closed:"
    ] * in_a_fence


ODD = """\
+++
key = 1
+++

# Things

[link]: https://example.org/definition "unseen"

<!-- a comment in HTML -->

## Some part

Sentence with a [name](https://example.org/x) and an ![image](pic.png).

| Name | What |
|------|------|
| one  | two  |
| three | four | five |

```yaml
kind: Secret
```

## Runbooks

### DISK_FULL: Disk full

Owner: storage team

> A quotation about disks.

**Impact:** users see errors.

- loose item

**Symptoms:**

You will see this:

- Disk usage above 90 %

  A further paragraph.

- nested
  - deeper

```text
output sample
```

**Actions:**

1. Look at `df -h` and at `DISK_LIMIT`

   ```sh
   du -sh /var
   ```

   Closing words.

**Commands:**

Lead over:

```bash
#!/bin/bash
# Orphan

# Title one
kubectl get pods # trailing
kubectl get "unclosed
for x in a b; do
  echo $x
done
# last words
```

| Step | Command |
|---|---|
| Clean | `rm -r /tmp/x` |

1. Reboot by hand

**Weather report:**

- sunny

**Environment Toggles:**

- `DISK_LIMIT`: a bit more
- `A_B`: Increase from 1 to 2, and mind `C_D`

**Dashboards:**

- Disk overview
- Grafana
  - Disks

**Symptoms:**

- of another runbook without a heading

## Escalation

Some words first.

- Level 1: the team
  - reads the runbook
- Another team

## Recipe

1. Take eggs

    indented text
"""


def test_no_text_of_an_unusual_document_is_lost() -> None:
    document = parse(ODD)
    assert_nothing_is_lost(ODD, document)
    why = {part.text: part.why for part in document.unread}
    assert why['[link]: https://example.org/definition "unseen"'] == "not text, a list, a table or code"
    assert why["| three | four | five |"].startswith("a table row with more cells than its header has (2)")
    assert why["```yaml\nkind: Secret\n```"].endswith("prose: nothing to run")
    assert why["sunny"] == 'unknown section "Weather report" of DISK_FULL'
    assert why["`DISK_LIMIT`: a bit more"].startswith("not a toggle: ")
    assert why['kubectl get "unclosed'].startswith("not shell that can be run")
    assert why["of another runbook without a heading"].startswith("belongs to no runbook")
    assert [command.text for command in document.runbooks[0].commands] == [
        "kubectl get pods",
        "for x in a b; do\n  echo $x\ndone",
        "rm -r /tmp/x",
    ]


def assert_nothing_is_lost(text: str, document: Document) -> None:
    """Every word of every line is in a part, except for lines that are only structure: headings and labels."""
    found = set(re.findall(r"\w+", to_json(document).replace("\\n", " ")))
    structure = re.compile(r"#+ \S|\*\*[^*]+\*\*:?$|\| (Name|Step) \||```\w*$")
    for line in text.split("\n"):
        if not structure.match(line.strip()):
            lost = set(re.findall(r"\w+", re.sub(r"^\s*\d+\. ", "", line))) - found
            assert not lost, f"{line!r} lost {lost}"


def test_a_multi_line_command_is_one_command_as_written() -> None:
    block = (
        "```bash\n# Scale\nkubectl scale deployment x \\\n  --replicas=3 \\\n  -n production\n\n"
        "cat <<'EOF' | kubectl apply -f -\na: 1\n  b: $x\nEOF\n"
        'for p in a b; do\n  kubectl delete pod "$p"\ndone &\ncheck() {\n  curl -s x\n}\ncheck; kubectl get pods\n```\n'
    )
    assert commands(parse(ENTRY + "**Commands:**\n\n" + block)) == [
        (7, "Scale", "kubectl scale deployment x \\\n  --replicas=3 \\\n  -n production"),
        (11, "", "cat <<'EOF' | kubectl apply -f -\na: 1\n  b: $x\nEOF"),
        (15, "", 'for p in a b; do\n  kubectl delete pod "$p"\ndone &'),
        (18, "", "check() {\n  curl -s x\n}"),
        (21, "", "check"),
        (21, "", "kubectl get pods"),
    ]


def test_a_syntax_error_is_unread_and_the_rest_is_parsed() -> None:
    block = "```bash\nkubectl get pods\nif true; then\n# Look\nkubectl get nodes\nkubectl logs 'x\n```\n"
    document = parse(ENTRY + "**Commands:**\n\n" + block)
    assert commands(document) == [(6, "", "kubectl get pods"), (9, "Look", "kubectl get nodes")]
    assert unread(document) == [(7, "if true; then"), (10, "kubectl logs 'x")]


def test_placeholders_in_angle_brackets_belong_to_the_command() -> None:
    block = "```\nkubectl logs <pod>\nkubectl describe pod <pod name> -n <ns>\nsort <in >out\n```\n"
    assert [text for _, _, text in commands(parse(ENTRY + "**Commands:**\n\n" + block))] == [
        "kubectl logs <pod>",
        "kubectl describe pod <pod name> -n <ns>",
        "sort <in >out",
    ]


def test_a_console_session_separates_commands_from_output() -> None:
    block = (
        "```console\n$ kubectl get pods\nNAME READY\nweb 1/1\n$ kubectl scale deploy x \\\n>   --replicas=3\n"
        "# Look again\n$ kubectl get pods -o wide\n```\n"
    )
    document = parse(ENTRY + "**Commands:**\n\n" + block)
    assert commands(document) == [
        (6, "", "kubectl get pods"),
        (9, "", "kubectl scale deploy x \\\n  --replicas=3"),
        (12, "Look again", "kubectl get pods -o wide"),
    ]
    assert unread(document) == [(7, "NAME READY"), (8, "web 1/1")]


def test_a_list_item_titles_its_command() -> None:
    section = (
        "**Mitigation:**\n\n1. Scale up: `kubectl scale deploy x --replicas=3`\n"
        "2. Restart:\n\n   ```\n   kubectl rollout restart deploy/x\n   ```\n3. Call the vendor\n"
    )
    document = parse(ENTRY + section)
    assert commands(document) == [
        (5, "Scale up", "kubectl scale deploy x --replicas=3"),
        (9, "Restart", "kubectl rollout restart deploy/x"),
    ]
    assert [(action.line, action.text) for action in document.runbooks[0].actions] == [(11, "Call the vendor")]


def test_an_action_has_the_commands_in_it_and_below_it() -> None:
    section = (
        "**Immediate Actions:**\n\n1. Health: `curl -f http://x/health`\n"
        "2. Logs of\n   the pods: `kubectl logs\n   deploy/x`\n"
        "3. Usage:\n   ```bash\n   kubectl top pods\n   ```\n4. Then run\n   - `kubectl get events`\n"
        "5. Mind `MAX_RETRIES` and `x y`\n"
    )
    actions = parse(ENTRY + section).runbooks[0].actions
    assert [(a.line, [(c.line, c.text) for c in a.commands]) for a in actions] == [
        (5, [(5, "curl -f http://x/health")]),
        (6, [(7, "kubectl logs deploy/x")]),
        (9, [(11, "kubectl top pods")]),
        (13, [(14, "kubectl get events")]),
        (15, []),
    ]


@pytest.mark.parametrize(
    ("item", "views"),
    [
        ("- Grafana: Latency", [("Grafana", "Latency")]),
        ("- **Grafana**: [Latency](https://grafana/d/1)", [("Grafana", "Latency")]),
        ("- [Grafana: Latency](https://grafana/d/1)", [("Grafana", "Latency")]),
        ("- Latency (Grafana)", [("Grafana", "Latency")]),
        ("- Latency in Grafana", [("Grafana", "Latency")]),
        ("- Grafana dashboard - Latency", [("Grafana", "Latency")]),
        ("- Prometheus: `a_b`, `c_d`", [("Prometheus", "a_b"), ("Prometheus", "c_d")]),
        (
            "- Prometheus\n  - `a_b`\n  - `c_d`\n- Latency",
            [("Prometheus", "a_b"), ("Prometheus", "c_d"), ("", "Latency")],
        ),
        ("| System | Name |\n|---|---|\n| Prometheus | `a_b` |", [("Prometheus", "a_b")]),
        ("- https://grafana.example.org/d/1", [("grafana", "https://grafana.example.org/d/1")]),
    ],
)
def test_a_dashboard_is_parsed_in_many_forms(item: str, views: list[tuple[str, str]]) -> None:
    document = parse(f"{ENTRY}**Dashboards to Check:**\n\n{item}\n")
    assert [(view.system, view.name) for view in document.runbooks[0].dashboards] == views
    assert not document.unread


def test_procedures_have_priority_level_and_deadline() -> None:
    text = (
        "## Alert Response\n\n- **P0**\n  1. **Response**: Acknowledge within five minutes\n"
        "- P1: look at it in 2 hours\n\n"
        "## Escalation\n\n| Level | Who |\n|---|---|\n| L2 | Senior, within 1 day |\n\n"
        "## After the incident\n\n- Write a report\n\n### Within a week\n\n- Speak about it\n"
    )
    document = parse(text)
    assert [(p.line, p.group, p.name, p.priority, p.deadline_s) for p in document.alerts] == [
        (4, "P0", "Response", "P0", 300),
        (5, "", "P1", "P1", 7200),
    ]
    assert [(p.level, p.deadline_s) for p in document.escalation] == [(2, 86400)]
    assert [(p.line, p.group, p.text) for p in document.post_incident] == [
        (15, "", "Write a report"),
        (19, "Within a week", "Speak about it"),
    ]


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("### TIMEOUT: Service Timeouts", ("TIMEOUT", "Service Timeouts")),
        ("## TIMEOUT - Service Timeouts", ("TIMEOUT", "Service Timeouts")),
        ("# Runbook: TIMEOUT", ("TIMEOUT", "")),
        ("## Runbook TIMEOUT: Service Timeouts", ("TIMEOUT", "Service Timeouts")),
        ("`TOOL_DOWN`\n=========", ("TOOL_DOWN", "")),
        ("###### 3. WS-OVERLOAD – Sockets", ("WS-OVERLOAD", "Sockets")),
    ],
)
def test_a_runbook_without_content_is_recognized_by_its_heading(heading: str, name: tuple[str, str]) -> None:
    document = parse(f"intro\n\n{heading}\n")
    assert [(book.id, book.title, book.line) for book in document.runbooks] == [(*name, 3)]
    assert (nothing_to_test(document) or "").startswith(f"every runbook is empty: {name[0]} (line 3)")


@pytest.mark.parametrize("heading", ["## TIMEOUT", "## Disk is full", "## API Gateway"])
def test_any_heading_above_symptoms_begins_a_runbook(heading: str) -> None:
    document = parse(f"# Book\n\n{heading}\n\n### Symptoms\n\n- It is slow\n")
    assert [book.symptoms[0].text for book in document.runbooks] == ["It is slow"]
    assert nothing_to_test(document) is None


@pytest.mark.parametrize(
    "heading", ["P0: Critical", "Level 1: Team", "NOTE: read this", "FAQ", "API Gateway", "SYMPTOMS"]
)
def test_other_headings_begin_no_runbook(heading: str) -> None:
    document = parse(f"## {heading}\n\nwords\n")
    assert document.runbooks == ()
    assert (nothing_to_test(document) or "").startswith("there is no runbook in it")


def test_thematic_breaks_around_a_runbook_are_not_front_matter() -> None:
    document = parse("---\n\n### TIMEOUT: Timeouts\n\nSymptoms:\n\n- slow\n\n---\n")
    assert [(book.id, book.symptoms[0].line) for book in document.runbooks] == [("TIMEOUT", 7)]


def test_two_runbooks_with_the_same_id_are_refused() -> None:
    with pytest.raises(
        DocumentError, match=r"x\.md:5: the runbook id TIMEOUT is used twice, on line 1 and on line 5\. Give"
    ):
        parse("### TIMEOUT: one\n\nwords\n\n### TIMEOUT: two\n", "x.md")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"there is no such runbook document\. Check the path"),
        (b"", r"the runbook document is empty\. Name a Markdown file"),
        (b" \n\n", r"the runbook document is empty\. Name a Markdown file"),
        (b"# a\n\xff\n", r":2: the runbook document is not UTF-8 text \(byte 4 is 0xff\)\. Save it as UTF-8"),
        (b"# a\0b", r"is binary \(it has NUL bytes\)\. Name a Markdown text file"),
    ],
)
def test_a_file_without_text_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "runbook.md"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DocumentError, match=rf"{re.escape(str(path))}.*{message}"):
        read(path)


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="this is a directory, not a runbook document"):
        read(tmp_path)


def test_the_example_of_the_documentation_is_parsed_as_described() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "runbooks.md").read_text()
    example = re.search(r"^````markdown\n(.*?)^````$", page, flags=re.M | re.S)
    assert example
    document = parse(example[1])
    [book] = document.runbooks
    assert (book.id, book.title) == ("DISK_FULL", "A volume runs full")
    assert [symptom.text for symptom in book.symptoms] == ["P95 > 500ms", "`No space left` in logs"]
    assert [[command.text for command in action.commands] for action in book.actions] == [["kubectl get pv"], []]
    assert book.commands == (
        Command(
            19, "kubectl exec deployment/store -n production -- du -sh /data", "What fills it?", role=Role.DIAGNOSE
        ),
        Command(21, "kubectl scale deployment store \\\n  --replicas=3 -n production", "", role=Role.CHANGE),
    )
    assert book.toggles == (
        Toggle(27, "`KEEP_DAYS`: Decrease from 30 to 7", "KEEP_DAYS", "30", "7"),
        Toggle(28, "`DEBUG_DUMPS=false`", "DEBUG_DUMPS", None, "false"),
    )
    assert book.dashboards == (Dashboard(32, "Prometheus: `volume_used_bytes`", "Prometheus", "volume_used_bytes"),)
    assert document.unread == (Unread(3, "Owner: storage team", "prose: nothing to run"),)


@pytest.mark.parametrize(
    ("front", "severity"),
    [
        ("---\nseverity: critical\n---\n", "critical"),
        ("---\ntitle: T\nPriority: 'P1'\n---\n", "P1"),
        ("+++\ntitle = 'T'\nseverity = 'page'\n+++\n", "page"),
        ("---\ntitle: T\n---\n", ""),
        ("", ""),
    ],
)
def test_severity_of_the_front_matter_belongs_to_the_document(front: str, severity: str) -> None:
    document = parse(f"{front}\n{ENTRY}**Commands:**\n\n- `kubectl get pods`\n")
    assert document.severity == severity
    assert json.loads(to_json(document)).get("severity", "") == severity
    assert ("(severity" in to_text(document)) == bool(severity)


@pytest.mark.slow
def test_parsing_a_block_of_many_errors_ends() -> None:
    document = parse(ENTRY + "**Commands:**\n\n```bash\n" + "case x in\n" * 300 + "```\n")
    assert [part.line for part in document.unread] == list(range(6, 306))


def test_a_document_can_be_a_single_runbook() -> None:
    text = (
        "# Runbook: Queue is stuck\n\n## Overview\n\nwords\n\n## Symptoms\n\n- [ ] Nothing moves\n\n"
        "## Quick Diagnosis\n\n"
        "### 1. Look at the pods\n\n```bash\nkubectl get pods\n```\n\n### 2. Think\n\n## Escalation\n\n### Level 2\n\n"
        "- Call\n\n## Mitigation Steps\n\n### Restart\n\n```\nkubectl rollout restart deploy/q\n```\n"
    )
    document = parse(text)
    [book] = document.runbooks
    assert (book.id, book.title, book.line) == ("QUEUE_IS_STUCK", "Queue is stuck", 1)
    assert [symptom.text for symptom in book.symptoms] == ["Nothing moves"]
    assert [(a.text, [c.line for c in a.commands]) for a in book.actions] == [("1. Look at the pods", [16])]
    assert [(c.line, c.title) for c in book.commands] == [(32, "Restart")]
    assert [(p.group, p.level, p.text) for p in document.escalation] == [("Level 2", 2, "Call")]
    assert unread(document) == [(5, "words"), (19, "2. Think")]


def test_a_continued_line_stays_one_command_beside_a_syntax_error() -> None:
    document = parse(ENTRY + "**Commands:**\n\n```\nkubectl get \\\n  pods\nif true; then\nkubectl get \\\n```\n")
    assert commands(document) == [(6, "", "kubectl get \\\n  pods")]
    assert unread(document) == [(8, "if true; then"), (9, "kubectl get \\")]


def test_inline_code_after_code_of_several_lines_has_its_line() -> None:
    [action] = (
        parse(ENTRY + "**Actions:**\n\n- Run `kubectl get\n  pods` or `ls -l` or run\n  `df -h`\n").runbooks[0].actions
    )
    assert [(c.line, c.text) for c in action.commands] == [(5, "kubectl get pods"), (6, "ls -l"), (7, "df -h")]


def test_a_labelled_remark_does_not_end_a_section() -> None:
    document = parse(ENTRY + "**Symptoms:**\n\n- slow\n\n**Impact:** all users\n\n- slower\n\n**Severity matters**\n")
    assert [symptom.text for symptom in document.runbooks[0].symptoms] == ["slow", "slower"]
    assert unread(document) == [(7, "Impact: all users"), (11, "Severity matters")]


def test_a_fence_after_an_action_with_a_colon_is_its_command() -> None:
    section = (
        "**Actions:**\n\n1. Check health:\n\n```\ncurl http://x/health\n```\n\n2. Look\n\n```\nkubectl get pods\n```\n"
    )
    [book] = parse(ENTRY + section).runbooks
    assert [[command.text for command in action.commands] for action in book.actions] == [["curl http://x/health"], []]
    assert [command.text for command in book.commands] == ["kubectl get pods"]


def test_headings_at_the_level_of_runbooks_can_begin_other_parts() -> None:
    text = (
        ENTRY + "**Symptoms:**\n\n- slow\n\n## Recovery\n\n```bash\nkubectl get pv\n```\n\n"
        "## General commands\n\n### DNS: checks\n\n```bash\ndig x\n```\n\n"
        "## Critical Alerts (P0)\n\n- Answer in 5 minutes\n"
    )
    document = parse(text)
    assert [book.id for book in document.runbooks] == ["TIMEOUT"]
    assert document.runbooks[0].commands == ()
    assert [(c.section, c.text) for c in document.general] == [("Recovery", "kubectl get pv"), ("DNS: checks", "dig x")]
    assert [(p.group, p.priority, p.deadline_s) for p in document.alerts] == [("Critical Alerts (P0)", "P0", 300)]


def test_a_second_variable_without_a_value_is_reported() -> None:
    document = parse(ENTRY + "**Toggles:**\n\n- `A_B`: Increase from 1 to 2, and mind `C_D`\n")
    assert [(toggle.name, toggle.new) for toggle in document.runbooks[0].toggles] == [("A_B", "2")]
    assert [part.why for part in document.unread] == ["more than one variable in one item: no value was read for C_D"]


@pytest.mark.parametrize(
    "lead", ["kubectl get pods -n production", "curl http://api/health", "find / -name x", "#### kubectl get pods"]
)
def test_text_that_looks_like_a_command_above_a_block_is_listed(lead: str) -> None:
    document = parse(f"### TIMEOUT: Timeouts\n\n## Commands\n\n{lead}\n\n```bash\nkubectl top pods\n```\n")
    assert commands(document) == [(8, "", "kubectl top pods")]
    assert unread(document) == [(5, lead.strip("# "))]


@pytest.mark.parametrize("lead", ["Find the pods", "make sure that it is up", "top consumers first", "Look at kubectl"])
def test_prose_above_a_block_is_its_title(lead: str) -> None:
    document = parse(f"{ENTRY}**Commands:**\n\n{lead}\n\n```bash\nkubectl top pods\n```\n")
    assert commands(document) == [(8, lead, "kubectl top pods")]
    assert unread(document) == []


def test_actions_of_a_table_keep_their_order() -> None:
    table = (
        "| Step | Command |\n|---|---|\n| One | `kubectl get pods` |\n| Two | `kubectl top pods` |\n| Three | Wait |\n"
    )
    [book] = parse(f"{ENTRY}**Actions:**\n\n{table}").runbooks
    assert [action.line for action in book.actions] == [7, 8, 9]


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("rate(a_total[5m])", ["a_total"]),
        ('sum(rate(a_total{code=~"5..", path="/x{y}"}[5m])) / sum(rate(b_total[5m])) > 0.01', ["a_total", "b_total"]),
        ("histogram_quantile(0.95, sum(rate(a_bucket[5m])) by (le, pod))", ["a_bucket"]),
        ("sum by (pod) (a:rate5m) - on(pod) group_left(node) b offset 5m", ["a:rate5m", "b"]),
        ("a_total - b_total", ["a_total", "b_total"]),
        ("max_over_time(a[10m:1m]) and b > bool 5", ["a", "b"]),
        ("a_total", ["a_total"]),
        ('a_total{code="500"}', ['a_total{code="500"}']),
    ],
)
def test_dashboard_of_an_expression_has_the_names_of_its_metrics(expression: str, names: list[str]) -> None:
    document = parse(f"{ENTRY}**Dashboards to Check:**\n\n- Prometheus: `{expression}`\n- Grafana: Errors (5xx)\n")
    assert [view.name for view in document.runbooks[0].dashboards] == [*names, "Errors (5xx)"]
