#!/usr/bin/env bash
# One would guess: tree-sitter parses in linear time whatever the text is, so that any text can be given to it.
# What happens: 40 KB of `[a](` in one line, as a list of Markdown links without their ends, takes seconds, and twice the text four times as long:
# each bracket that is never closed is repaired from its own place on.
# Version: tree-sitter 0.26.1, tree-sitter-bash 0.25.1. harness/lint/shell.py parses the first 4,000 characters of a statement.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tree-sitter==0.26.1 tree-sitter-bash==0.25.1
"$folder/venv/bin/python" - <<'PYTHON'
import time

import tree_sitter_bash
from tree_sitter import Language, Parser

parser = Parser(Language(tree_sitter_bash.language()))
times = []
for count in (2_500, 10_000):
    begin = time.process_time()
    parser.parse(b"[a](" * count)
    times.append(time.process_time() - begin)
print(f"10 KB: {times[0]:.2f} s; 40 KB: {times[1]:.2f} s of processor time")
assert times[1] > 8 * times[0]
PYTHON
