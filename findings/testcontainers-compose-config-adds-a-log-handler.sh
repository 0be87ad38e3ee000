#!/usr/bin/env bash
# One would guess: `DockerCompose.get_config()` returns the values of a compose file, and changes nothing in the calling program.
# What happens: its first call ends in `logging.warning`, which gives the root logger a handler. From then on everything that the
# program's own loggers warn of, and libraries too, is written to stderr in a form that the program did not choose; a later `logging.basicConfig`
# of the program has no effect. And every `$` in a value is doubled, as `docker compose config` prints a compose file that is to be
# read again: the command `echo $HOME` is returned as `echo $$HOME`.
# `docker_compose_command()` and a subprocess have neither.
# Version: testcontainers 4.15.0. Source: testcontainers/compose/compose.py, `DockerCompose.get_config`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check testcontainers==4.15.0
mkdir "$folder/bin"
cat > "$folder/bin/docker" <<'SH' # stands for `docker compose config`, which doubles `$` in the same way
#!/bin/sh
printf '%s' '{"services": {"web": {"command": ["sh", "-c", "echo $$HOME"]}}}'
SH
chmod +x "$folder/bin/docker"
PATH=$folder/bin:$PATH "$folder/venv/bin/python" - "$folder" <<'PYTHON'
import logging
import sys

from testcontainers.compose import DockerCompose

before = list(logging.root.handlers)
command = DockerCompose(sys.argv[1]).get_config()["services"]["web"]["command"]
logging.basicConfig(filename=f"{sys.argv[1]}/program.log")
print(f"testcontainers 4.15.0: root handlers before {before}, after {logging.root.handlers}; the command {command}")
assert before == []
assert [type(each).__name__ for each in logging.root.handlers] == ["StreamHandler"]
assert command == ["sh", "-c", "echo $$HOME"]
PYTHON
