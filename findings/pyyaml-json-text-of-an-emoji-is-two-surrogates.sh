#!/usr/bin/env bash
# One would guess: YAML 1.2 contains JSON, so a text that json.dumps wrote is read by PyYAML as the same text.
# What happens: a character above U+FFFF, which json.dumps escapes as a pair of surrogates by default, is read as two characters, neither
# of which can be encoded: an error of `encode` long after the file was read. Written by another escape, `\U0001f600`, it is right.
# Version: PyYAML 6.0.4. Source: yaml/scanner.py, `scan_flow_scalar_non_spaces`, which makes a character of each `\uXXXX` by itself.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyyaml==6.0.4
"$folder/venv/bin/python" - <<'PYTHON'
import json

import yaml

text = "\U0001f600"
found = yaml.safe_load(json.dumps(text))
print(f"PyYAML {yaml.__version__} reads {json.dumps(text)} as {len(found)} characters: {ascii(found)}")
assert (len(found), found == text) == (2, False)
try:
    found.encode()
except UnicodeEncodeError as error:
    print(f"and it cannot be written: {error.reason}")
else:
    raise AssertionError("it can be encoded")
assert json.loads(json.dumps(text)) == text
assert yaml.safe_load('"\\U0001f600"') == text
PYTHON
