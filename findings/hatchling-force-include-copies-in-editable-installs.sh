#!/usr/bin/env bash
# One would guess: an editable install reads everything from the checkout, so a change of a file that `force-include` puts into the
# wheel is seen at once, as a change of a module is.
# What happens: the modules are read from the checkout through a .pth file, but every file of `force-include` is copied into
# site-packages at the time of `pip install -e .`. After a change the copy is stale.
# Version: hatchling 1.33.0. Source: builders/wheel.py, `build_editable_detection` and `build_editable_explicit`.
# A build hook that sets `build_data["force_include"]` only for version == "standard" avoids the copy.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
mkdir -p "$folder/project/pkg"
cd "$folder/project"
echo 'VALUE = 1' >pkg/__init__.py
echo first >settings.txt
cat >pyproject.toml <<'TOML'
[build-system]
requires = ["hatchling==1.33.0"]
build-backend = "hatchling.build"
[project]
name = "demo"
version = "1"
[tool.hatch.build.targets.wheel]
packages = ["pkg"]
[tool.hatch.build.targets.wheel.force-include]
"settings.txt" = "shipped/settings.txt"
TOML
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --editable .
echo 'VALUE = 2' >pkg/__init__.py
echo second >settings.txt
cd "$folder"
module=$(venv/bin/python -c 'import pkg; print(pkg.VALUE)')
copy=$(cat "$(venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/shipped/settings.txt")
echo "hatchling 1.33.0: module $module, file of force-include: $copy"
[ "$module" = 2 ]    # the checkout's
[ "$copy" = first ]  # a copy from the installation
