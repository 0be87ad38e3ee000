"""Safe changes."""

from __future__ import annotations

from datetime import date

from harness.lint.document import parse
from harness.lint.engine import Settings, lint
from harness.lint.fixing import diff, fixed
from harness.lint.registry import all_rules


def fix(text: str) -> str:
    return fixed(text, lint(parse(text), all_rules(), Settings(), date(2026, 11, 30)))


def test_prompts_dashes_quotes_and_blanks_are_corrected() -> None:
    before = "```bash\n$ kubectl get pods –A -l “a=b”\n$ uptime\n```\n\n```sh\ndf \\ \n  -h\u00a0/\n```\n"
    assert fix(before) == '```bash\nkubectl get pods --A -l "a=b"\nuptime\n```\n\n```sh\ndf \\\n  -h /\n```\n'


def test_line_ends_and_the_byte_order_mark_stay() -> None:
    assert fix("\ufeff```bash\r\n$ uptime -p\r\n```\r\n") == "\ufeff```bash\r\nuptime -p\r\n```\r\n"


def test_a_corrected_text_has_nothing_to_correct() -> None:
    once = fix("- x\n\n  ```sh\n  $ df -h\n  ```\n")
    assert once == "- x\n\n  ```sh\n  df -h\n  ```\n"
    assert fix(once) == once


def test_prompts_with_output_are_left_to_a_person() -> None:
    text = "```bash\n$ kubectl get nodes\nNAME   STATUS\nn1     Ready\n```\n"
    assert fix(text) == text


def test_the_diff_names_the_file() -> None:
    assert diff("a.md", "x\ny", "x\nz") == (
        "--- a/a.md\n+++ b/a.md\n@@ -1,2 +1,2 @@\n x\n-y\n\\ No newline at end of file\n+z\n\\ No newline at end of "
        "file\n"
    )
