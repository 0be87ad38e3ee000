"""The parser of one command line: the same as that of all commands, and quicker to make."""

from __future__ import annotations

import subprocess
import sys

import pytest

from harness.cli.parser import build_parser


@pytest.mark.parametrize(
    "line", ["report run --format json", "history --format json", "slo check a.yaml", "run doc.md --jobs 2"]
)
def test_a_command_line_is_parsed_as_by_the_parser_of_all_commands(line: str) -> None:
    words = line.split()
    assert build_parser(words).parse_args(words) == build_parser().parse_args(words)


def test_only_the_command_that_is_named_has_arguments() -> None:
    with pytest.raises(SystemExit):
        build_parser(["plan", "doc.md"]).parse_args(["report", "run"])


def test_the_help_reads_no_metadata_of_packages() -> None:
    code = (
        "import sys; from harness.cli.main import exit_code_of\n"
        "try: exit_code_of(['--help'])\n"
        "finally: print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "importlib.metadata" not in done.stdout.splitlines()[-1].split()
