"""Forms of Markdown beside CommonMark: admonitions, details, HTML code, info strings."""

from __future__ import annotations

import pytest

from harness.model import Document
from harness.runbook import parse

ENTRY = "### SLOW: Slow\n\n**Commands:**\n\n"


def commands(document: Document) -> list[tuple[int, str, str]]:
    return [(command.line, command.title, command.text) for command in document.runbooks[0].commands]


@pytest.mark.parametrize("marker", ["!!! warning", '!!! note "Mind this"', "??? tip", "???+ danger", "!!! info inline"])
@pytest.mark.parametrize("gap", ["", "\n"])
def test_prose_of_an_admonition_is_not_shell(marker: str, gap: str) -> None:
    text = f"{marker}\n{gap}    Scaling takes a minute.\n    Wait for it.\n\n```bash\nkubectl get pods\n```\n"
    document = parse(ENTRY + text)
    assert [command for _, _, command in commands(document)] == ["kubectl get pods"]
    assert "Scaling takes a minute. Wait for it." in [part.text for part in document.unread]


def test_title_and_closing_line_of_an_admonition() -> None:
    document = parse(ENTRY + ":::note Mind this\n\nScaling takes a minute.\n\n:::\n\n```bash\nkubectl get pods\n```\n")
    assert [(part.line, part.text) for part in document.unread] == [(5, "Mind this"), (7, "Scaling takes a minute.")]
    assert commands(document) == [(12, "", "kubectl get pods")]


@pytest.mark.parametrize(
    "info", ["bash,ignore", "bash{1,3}", "{.bash .numberLines}", "{#look .sh}", "bash:look.sh", 'sh title="x"', "Bash"]
)
def test_info_string_begins_with_the_language(info: str) -> None:
    assert commands(parse(f"{ENTRY}```{info}\nkubectl get pods\n```\n")) == [(6, "", "kubectl get pods")]


@pytest.mark.parametrize("info", ["yaml,bash", "python {.bash}", "text"])
def test_another_language_is_not_shell(info: str) -> None:
    assert commands(parse(f"{ENTRY}```{info}\nkubectl get pods\n```\n")) == []


def test_fence_directly_below_summary_is_read() -> None:
    text = "<details>\n<summary>Scale up</summary>\n```bash\nkubectl get pods\n\nkubectl top pods\n```\n</details>\n"
    document = parse(f"{ENTRY}{text}\nEnd.\n")
    assert commands(document) == [(8, "Scale up", "kubectl get pods"), (10, "", "kubectl top pods")]
    assert [part.text for part in document.unread] == ["<details>", "</details>", "End."]


def test_tags_inside_a_fence_stay() -> None:
    document = parse(ENTRY + "```bash\ngrep '<details>' x\n```\n")
    assert commands(document) == [(6, "", "grep '<details>' x")]


def test_html_code_in_a_table_is_a_command() -> None:
    table = "| What | Command |\n|---|---|\n| Look | <code>kubectl get pods &#124; wc -l</code> |\n"
    assert commands(parse(ENTRY + table)) == [(7, "Look", "kubectl get pods | wc -l")]
