"""Prompts are removed, and output is not run."""

from __future__ import annotations

import pytest

from harness.model import Document
from harness.runbook import parse

ENTRY = "### SLOW: Slow\n\n**Commands:**\n\n"
OUTPUT = "NAME READY\nweb 1/1"


def commands(document: Document) -> list[str]:
    return [command.text for command in document.runbooks[0].commands]


PROMPTS = [
    "$ ",
    "% ",
    "[user@host ~]$ ",
    "[root@host /etc]# ",
    "user@host:~$ ",
    "user@host:~# ",
    "root@host-1:/var/log# ",
    "user@host ~ % ",
    "(prod) user@host:~$ ",
    "(prod:default) $ ",
    "(prod) node-1 ~$ ",
    "(venv) $ ",
    "sh-5.1$ ",
    "bash-5.1# ",
    "node-1# ",
    "node-1$ ",
    "PS C:\\> ",
    "PS C:\\Users\\me> ",
    "> ",
    "❯ ",
    "➜  ~ ",
    "~ $ ",
    "~/work $ ",
    "/app # ",
    "/ # ",
]


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("lang", ["", "bash", "console", "shell"])
def test_prompt_goes_and_output_stays_output(prompt: str, lang: str) -> None:
    block = f"```{lang}\n{prompt}kubectl get pods\n{OUTPUT}\n{prompt}kubectl top pods\n```\n"
    document = parse(ENTRY + block)
    assert commands(document) == ["kubectl get pods", "kubectl top pods"]
    assert [part.text for part in document.unread] == OUTPUT.split("\n")


@pytest.mark.parametrize("prompt", PROMPTS)
def test_prompt_goes_in_inline_code(prompt: str) -> None:
    assert commands(parse(f"{ENTRY}- Look: `{prompt}kubectl get pods`\n")) in (["kubectl get pods"], [])


@pytest.mark.parametrize("lang", ["", "console"])
def test_root_prompt_is_one_only_where_nothing_else_is_typed(lang: str) -> None:
    session = f"```{lang}\n# kubectl get pods\n{OUTPUT}\n# kubectl top pods\n```\n"
    assert commands(parse(ENTRY + session)) == ["kubectl get pods", "kubectl top pods"]


@pytest.mark.parametrize(
    "block",
    [
        "```bash\n# kubectl scale deployment api --replicas=0\n```",
        "```\n# kubectl scale deployment api --replicas=0\n```",
        "```bash\n# kubectl scale deployment api --replicas=0\nNAME READY\n```",
        "```\n# kubectl scale deployment api --replicas=0\nkubectl get pods\n```",
        "```console\n# kubectl scale deployment api --replicas=0\n$ kubectl get pods\n```",
        "```bash\nkubectl get pods # kubectl scale deployment api --replicas=0\n```",
    ],
)
def test_commented_command_is_not_run(block: str) -> None:
    assert [text for text in commands(parse(f"{ENTRY}{block}\n")) if "scale" in text.split("#")[0]] == []


@pytest.mark.parametrize(
    "lead",
    [
        "Expected output:",
        "**Expected output:**",
        "Example response:",
        "Output:",
        "Sample output",
        "The output looks like this:",
        "Output of `kubectl get pods`:",
        "The response is:",
        "You should see:",
        "You should see something like this:",
        "You will see",
        "It prints:",
        "The command returns:",
        "which should look like:",
        "A healthy answer looks like:",
    ],
)
@pytest.mark.parametrize("lang", ["", "bash", "console"])
def test_fence_below_words_about_output_is_output(lead: str, lang: str) -> None:
    text = f"```bash\nkubectl get pods\n```\n\n{lead}\n\n```{lang}\nweb Running\nkubectl is here\n```\n"
    document = parse(ENTRY + text)
    assert commands(document) == ["kubectl get pods"]
    whole = f"```{lang}\nweb Running\nkubectl is here\n```"
    assert [part.why for part in document.unread if part.text == whole] == ["output, by the words above it"]


@pytest.mark.parametrize(
    "lead",
    [
        "Look at the output of the health check:",
        "Run this; you should see three pods:",
        "Check the response:",
        "To see the output, run:",
        "Then look at the pods:",
    ],
)
def test_fence_below_other_words_is_run(lead: str) -> None:
    assert commands(parse(f"{ENTRY}{lead}\n\n```bash\nkubectl get pods\n```\n")) == ["kubectl get pods"]


def test_heading_about_output_governs_the_fence_below_it() -> None:
    text = "#### Commands\n\n```bash\nkubectl get pods\n```\n\n##### Expected output\n\n```\nweb Running\n```\n"
    assert commands(parse(f"### SLOW: Slow\n\n{text}")) == ["kubectl get pods"]


@pytest.mark.parametrize("lang", ["", "bash", "console"])
@pytest.mark.parametrize(
    "header", ["NAME   READY   STATUS    RESTARTS   AGE", "NAMESPACE NAME", "NAME CPU(cores) MEMORY(bytes)"]
)
def test_fence_that_begins_with_a_table_header_is_output(lang: str, header: str) -> None:
    document = parse(f"{ENTRY}```{lang}\n{header}\nweb-1  1/1  Running\n```\n")
    assert commands(document) == []
    assert [part.why for part in document.unread] == ["output: it begins with the header of a table"]


def test_table_below_a_command_is_output_up_to_a_blank_line() -> None:
    block = "```bash\nkubectl get pods\nNAME   READY   STATUS\nweb    1/1     Running\n\nkubectl top pods\n```\n"
    document = parse(ENTRY + block)
    assert commands(document) == ["kubectl get pods", "kubectl top pods"]
    assert [part.line for part in document.unread] == [7, 8]


def test_capitals_in_a_here_document_are_not_output() -> None:
    block = "```bash\ncat <<EOF\nSTATUS OK\nEOF\n```\n"
    assert commands(parse(ENTRY + block)) == ["cat <<EOF\nSTATUS OK\nEOF"]
