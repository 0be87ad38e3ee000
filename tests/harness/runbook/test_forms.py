"""The same content in another form of Markdown is parsed to the same document, except for line numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.report.document import to_json
from harness.runbook import parse

USER = (Path(__file__).parents[2] / "data" / "operations-user.md").read_text()
SECTIONS = ("Symptoms", "Immediate Actions", "Commands", "Environment Toggles", "Dashboards to Check")


def content(text: str, *, leave_out: tuple[str, ...] = ("line",)) -> object:
    """The parsed document without line numbers."""
    return without(leave_out, json.loads(to_json(parse(text))))


def without(keys: tuple[str, ...], value: object) -> object:
    if isinstance(value, dict):
        return {key: without(keys, inside) for key, inside in value.items() if key not in keys}
    return [without(keys, inside) for inside in value] if isinstance(value, list) else value


def swap(pattern: str, by: str | Callable[[re.Match[str]], str]) -> Callable[[str], str]:
    return lambda text: re.sub(pattern, by, text, flags=re.M)


def sections_as(form: str) -> Callable[[str], str]:
    return swap(rf"^\*\*({'|'.join(SECTIONS)}):\*\*$", lambda found: form.format(found[1]))


def fences_as(before: str, line: Callable[[str], str], after: str) -> Callable[[str], str]:
    def fence(found: re.Match[str]) -> str:
        return before + "".join(line(text) + "\n" for text in found[1].split("\n")[:-1]) + after

    return lambda text: re.sub(r"^```bash\n(.*?)^```$", fence, text, flags=re.M | re.S)


def prompted(line: str) -> str:
    return f"$ {line}" if line and not line.startswith("#") else line


def section_items(text: str) -> str:
    """Every section as a list item that contains its list or fence."""
    out, inside = [], False
    for line in text.split("\n"):
        label = re.fullmatch(rf"\*\*({'|'.join(SECTIONS)}):\*\*", line)
        inside = (inside or bool(label)) and not re.match(r"(##+ |---)", line)
        out.append(f"- **{label[1]}**" if label else f"    {line}" if inside and line else line)
    return "\n".join(out)


def reversed_sections(text: str) -> str:
    head, *books = re.split(r"^(?=### [A-Z_]+: )", text, flags=re.M)
    last, tail = re.split(r"^(?=---\n\n## General)", books[-1], maxsplit=1, flags=re.M)
    return head + "".join(map(_reversed, [*books[:-1], last])) + tail


def _reversed(book: str) -> str:
    rule = "---\n\n" if "\n---\n" in book else ""
    head, *parts = re.split(rf"^(?=\*\*(?:{'|'.join(SECTIONS)}):)", book.replace("---\n\n", ""), flags=re.M)
    return head + "".join(reversed(parts)) + rule


def wrapped(text: str) -> str:
    """List items wrapped to two source lines, at a space outside of code."""
    return re.sub(r"^((?:- |\d\. )[^`\n]*?) ([^`\n ]+[^`\n]*)$", r"\1\n   \2", text, flags=re.M)


def flat(text: str) -> str:
    """All headings at the same level, including sections."""
    return swap(r"^#{2,} ", "## ")(sections_as("## {}")(text))


FORMS: dict[str, Callable[[str], str]] = {
    "bullets *": swap(r"^- ", "* "),
    "bullets +": swap(r"^- ", "+ "),
    "numbers 1)": swap(r"^(\d)\. ", r"\1) "),
    "numbers all 1": swap(r"^\d\. ", "1. "),
    "numbers for bullets": swap(r"^- ", "1. "),
    "bullets for numbers": swap(r"^\d\. ", "- "),
    "task list": swap(r"^- ", "- [ ] "),
    "indented items": swap(r"^(- |\d\. )", r"  \1"),
    "loose lists": swap(r"^((?:- |\d\. ).*)$", r"\1\n"),
    "lists right under their labels": swap(r"(:\*\*)\n\n(?=- |1\. )", r"\1\n"),
    "wrapped items": wrapped,
    "fence ~~~": swap(r"^```(bash)?$", r"~~~\1"),
    "fence ````": swap(r"^```", "````"),
    "fence without a name": swap(r"^```bash$", "```"),
    "fence sh": swap(r"^```bash$", "```sh"),
    "fence shell": swap(r"^```bash$", "``` shell title=x"),
    "fence {.bash}": swap(r"^```bash$", "```{.bash}"),
    "fence indented": fences_as("  ```bash\n", lambda line: f"  {line}" if line else "", "  ```"),
    "console": fences_as("```console\n", prompted, "```"),
    "prompts in bash": fences_as("```bash\n", prompted, "```"),
    "prompts with a host": fences_as("```console\n", lambda line: prompted(line).replace("$ ", "me@box:~$ "), "```"),
    "indented code": fences_as("", lambda line: f"    {line}" if line else "", ""),
    "code with tabs": fences_as("", lambda line: f"\t{line}" if line else "", ""),
    "sections as headings": sections_as("#### {}"),
    "sections as deep headings": sections_as("###### {}:"),
    "sections as closed headings": sections_as("#### {} ####"),
    "sections bold without colon": sections_as("**{}**"),
    "sections with the colon outside": sections_as("**{}**:"),
    "sections with underscores": sections_as("__{}:__"),
    "sections plain": sections_as("{}:"),
    "sections in capitals": lambda text: sections_as("#### {}")(text).replace("#### Symptoms", "#### SYMPTOMS"),
    "sections numbered": sections_as("#### 1. {}"),
    "sections as list items": section_items,
    "sections in reverse": reversed_sections,
    "setext headings": lambda text: swap(r"^# (Operational .*)$", r"\1\n====")(swap(r"^## (.*)$", r"\1\n----")(text)),
    "runbooks at level 1": swap(r"^### (?=[A-Z_]+: )", "# "),
    "runbooks at level 2": swap(r"^### (?=[A-Z_]+: )", "## "),
    "runbooks at level 6": swap(r"^### (?=[A-Z_]+: )", "###### "),
    "runbooks bold": swap(r"^### ([A-Z_]+: .*)$", r"**\1**"),
    "runbooks with their id bold": swap(r"^### ([A-Z_]+): (.*)$", r"### **\1**: \2"),
    "ids in code": swap(r"^### ([A-Z_]+): ", r"### `\1`: "),
    "ids in brackets": swap(r"^### ([A-Z_]+): ", r"### [\1] "),
    "ids with a dash": swap(r"^### ([A-Z_]+): ", r"### \1 — "),
    "ids with a hyphen": swap(r"^### ([A-Z_]+): ", r"### \1 - "),
    "ids after the word": swap(r"^### ([A-Z_]+): ", r"### Runbook: \1 - "),
    "ids in parentheses": swap(r"^### ([A-Z_]+): (.*)$", r"### \2 (\1)"),
    "titles in parentheses": swap(r"^### ([A-Z_]+): (.*)$", r"### \1 (\2)"),
    "ids numbered": swap(r"^### ([A-Z_]+): ", r"### 1.2 \1: "),
    "ids with an anchor": swap(r"^(### [A-Z_]+: .*)$", r"\1 {#here}"),
    "flat headings": flat,
    "groups bold": swap(r"^### (?![A-Z_]+: )(.*)$", r"**\1**"),
    "rules ***": swap(r"^---$", "***"),
    "rules of underscores": swap(r"^---$", "_ _ _"),
    "no rules": swap(r"^---$", ""),
    "a rule first": lambda text: "---\n\n" + text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "BOM": lambda text: "\ufeff" + text,
    "BOM and CRLF and front matter": lambda text: "\ufeff" + ("---\nowner: sre\n---\n" + text).replace("\n", "\r\n"),
    "front matter": lambda text: "---\ntitle: Runbooks of the team\ntags: [a, b]\n---\n\n" + text,
    "no newline at the end": lambda text: text.rstrip("\n"),
    "spaces at line ends": swap(r"(?<=[^\n])$", " "),
    "many blank lines": lambda text: re.sub(r"\n\n", "\n\n\n\n", text),
}


@pytest.mark.parametrize("form", FORMS)
def test_another_form_is_parsed_to_the_same_document(form: str) -> None:
    text = FORMS[form](USER)
    assert text != USER
    assert content(text) == content(USER)


@pytest.mark.parametrize(
    "names",
    [
        ("Signs", "First Steps", "Mitigation", "Environment Variables", "Monitoring"),
        ("Detection", "Diagnosis", "Resolution Steps", "Configuration", "Metrics to watch"),
        ("Common Symptoms", "Triage", "Remediation", "Feature flags", "Where to look"),
        ("Symptoms & Detection", "Initial Response", "Recovery", "Config changes", "Grafana dashboards"),
        ("🔥 Indicators", "What to do first", "How to fix", "Settings", "Observability"),
    ],
)
@pytest.mark.parametrize("form", ["**{}:**", "#### {}", "{}:"])
def test_section_names_have_synonyms(names: tuple[str, ...], form: str) -> None:
    text = USER
    for section, name in zip(SECTIONS, names, strict=True):
        text = text.replace(f"**{section}:**", form.format(name))
    left_out = ("line", "role")  # a section that is called "Diagnosis" gives its steps another role
    assert content(text, leave_out=left_out) == content(USER, leave_out=left_out)


def toggles_of(section: str) -> list[tuple[str, str | None, str]]:
    document = parse(f"### TIMEOUT: Timeouts\n\n**Environment Toggles:**\n\n{section}\n")
    assert not document.unread
    return [(toggle.name, toggle.old, toggle.new) for toggle in document.runbooks[0].toggles]


@pytest.mark.parametrize(
    "item",
    [
        "- `MAX_RETRIES`: Increase from 3 to 5",
        "- MAX_RETRIES: Increase from 3 to 5",
        "- **MAX_RETRIES**: increase from `3` to `5`.",
        "- `MAX_RETRIES` - raise from 3 to 5 while it lasts",
        "- Increase `MAX_RETRIES` from 3 to 5",
        "- Lower MAX_RETRIES from 3 to 5 attempts",
        "- `MAX_RETRIES`: from 3 attempts to 5 attempts",
        "- `MAX_RETRIES`: 3 to 5",
        "- `MAX_RETRIES`: 3 -> 5",
        "- `MAX_RETRIES` 3 → 5",
        "- `MAX_RETRIES`: 3 => 5",
        "- `MAX_RETRIES` (3 → 5)",
        "- `MAX_RETRIES=5` (was 3)",
        "- MAX_RETRIES=5 (default: 3)",
        "- `MAX_RETRIES`: 5 (currently 3)",
        "- Set `MAX_RETRIES` to 5 instead of 3",
        "- `MAX_RETRIES`: Change to 5 (default 3)",
        "- `MAX_RETRIES`: decrease to 5 from 3",
        "- `MAX_RETRIES`:\n  - from 3 to 5",
        "- `MAX_RETRIES`\n  - Old: 3\n  - New: 5",
        "| Name | From | To |\n|---|---|---|\n| `MAX_RETRIES` | 3 | 5 |",
        "| To | From | Variable | Why |\n|---|---|---|---|\n| `5` | `3` | MAX_RETRIES | load |",
        "| Setting | Default | New value |\n|:-|-:|:-:|\n| **MAX_RETRIES** | 3 | 5 |",
        "| Variable | Change |\n|---|---|\n| `MAX_RETRIES` | Increase from 3 to 5 |",
        "```\nMAX_RETRIES=5 # was 3\n```",
        "```dotenv\n# default 3\nMAX_RETRIES=5\n```",
        "```bash\n# from 3\nexport MAX_RETRIES=5\n```",
        "```yaml\nMAX_RETRIES: 5 # was 3\n```",
        "Increase `MAX_RETRIES` from 3 to 5.",
    ],
)
def test_a_toggle_is_parsed_in_many_forms(item: str) -> None:
    assert toggles_of(item) == [("MAX_RETRIES", "3", "5")]


@pytest.mark.parametrize(
    ("item", "toggles"),
    [
        ("- `STRICT_MODE`: Set to false for temporary relief", [("STRICT_MODE", None, "false")]),
        ("- Set `STRICT_MODE` to `false`", [("STRICT_MODE", None, "false")]),
        ("- STRICT_MODE=false", [("STRICT_MODE", None, "false")]),
        ('- `STRICT_MODE="false"`', [("STRICT_MODE", None, "false")]),
        ("- `STRICT_MODE`: false", [("STRICT_MODE", None, "false")]),
        ("- `LOG_LEVEL`: change to debug until it is over", [("LOG_LEVEL", None, "debug")]),
        ("- `THRESHOLD`: Increase from 0.8 to 0.9", [("THRESHOLD", "0.8", "0.9")]),
        ("- `TIMEOUT`: Increase from 30s to 1m.", [("TIMEOUT", "30s", "1m")]),
        ("- `A_B` from 1 to 2, `C_D` from 3 to 4", [("A_B", "1", "2"), ("C_D", "3", "4")]),
        ("- `A_B`, `C_D`: set to 5", [("A_B", None, "5"), ("C_D", None, "5")]),
        ("- A_B=1 C_D=2", [("A_B", None, "1"), ("C_D", None, "2")]),
        ("| Name | To |\n|---|---|\n| `A_B` | 1 |\n| `C_D` | 2 |", [("A_B", None, "1"), ("C_D", None, "2")]),
    ],
)
def test_toggles_can_have_any_value(item: str, toggles: list[tuple[str, str | None, str]]) -> None:
    assert toggles_of(item) == toggles


@pytest.mark.parametrize(
    "item",
    [
        "`MAX_RETRIES`: Increase",
        "`MAX_RETRIES`: Increase to reduce errors",
        "`MAX_RETRIES`: increase to at least 5",
        "`MAX_RETRIES`: double it",
        "`STRICT_MODE`: change to match the load",
        "`STRICT_MODE`: enable",
        "Restart the pods afterwards",
    ],
)
def test_a_toggle_without_a_value_is_unread(item: str) -> None:
    document = parse(f"### TIMEOUT: Timeouts\n\n**Environment Toggles:**\n\n- `OTHER_ONE`: 1\n- {item}\n")
    assert [toggle.name for toggle in document.runbooks[0].toggles] == ["OTHER_ONE"]
    assert [(part.line, part.text) for part in document.unread] == [(6, item)]
