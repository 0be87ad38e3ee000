# The parts of the checks, alone. `make setup` first; CONTRIBUTING.md explains each.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup lint test slow coverage docs dist lock clean

setup:  ## a virtual environment with everything a contributor needs, and the pre-commit hooks
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --constraint requirements/lock.txt --editable '.[dev,docs]'
	if [ -d .git ]; then $(BIN)/pre-commit install >/dev/null; fi

lint:  ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test:  ## the test suite
	$(BIN)/pytest

slow:  ## whole drills and endings, on every platform that this machine has
	$(BIN)/pytest -m slow -n 0

coverage:  ## the total and the ten least covered files
	$(BIN)/python ci/coverage.py

docs:  ## the documentation site in build/site; a warning is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir build/site

dist:  ## the wheel and the source distribution in dist/
	$(BIN)/python -m build --quiet

LOCK := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11
lock:  ## refresh the versions that CI installs; the extra trend contradicts kind, so it has a file of its own
	$(LOCK) $(addprefix --extra ,bench browser chaos dev docker docs kind observability) --output-file requirements/lock.txt pyproject.toml
	$(LOCK) --extra trend --extra test --output-file requirements/trend.txt pyproject.toml

clean:
	rm -rf build dist .venv .mypy_cache .ruff_cache .pytest_cache
