#!/usr/bin/env bash
# One would guess: `sources = {"NOTICE" = "pkg/data/NOTICE"}` of hatchling puts the file NOTICE to pkg/data/NOTICE in the wheel,
# as `"src" = "pkg"` puts the folder src to pkg.
# What happens: hatchling appends a slash to each key, so only folders match. The build succeeds without a message, and the
# file is at the top of the wheel: it is installed to site-packages/NOTICE.
# Version: hatchling 1.33.0. Source: builders/config.py, `sources`, and `get_distribution_path`.
# `force-include` maps single files.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet hatchling==1.33.0
mkdir -p "$folder/project/pkg" "$folder/project/src"
cd "$folder/project"
touch pkg/__init__.py src/module.py NOTICE
cat >pyproject.toml <<'TOML'
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "demo"
version = "1"
[tool.hatch.build.targets.wheel]
only-include = ["pkg", "src", "NOTICE"]
sources = {"NOTICE" = "pkg/data/NOTICE", "src" = "pkg/inner"}
TOML
"$folder/venv/bin/hatchling" build --target wheel --directory "$folder/dist" >/dev/null 2>&1
names=$(python3 -m zipfile --list "$folder"/dist/*.whl | awk 'NR > 1 {print $1}')
echo "hatchling $("$folder/venv/bin/pip" list 2>/dev/null | awk '$1 == "hatchling" {print $2}')"
grep -v dist-info <<<"$names"
grep -qx 'pkg/inner/module.py' <<<"$names"  # a folder is mapped
grep -qx 'NOTICE' <<<"$names"               # a file is not
if grep -q 'pkg/data' <<<"$names"; then exit 1; fi
