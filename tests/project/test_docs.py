"""README and docs against the thing itself: what can be said to it and what comes out of it is named; examples work."""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest
import yaml

from fakes.proxy import EFFECTS
from harness import bindings, errors
from harness.app.members import PLATFORMS
from harness.bindings import OwnService
from harness.bindings.compose import keys as compose_keys
from harness.cli.parser import build_parser
from harness.conditions import parse
from harness.errors import ConditionError
from harness.faults.factory import FAULTS
from harness.platforms.base import PlatformOptions
from harness.platforms.local.platform import LocalPlatform
from harness.record.events import PhaseName, RunStarted
from harness.record.header import DashboardPlan, Procedure
from harness.record.journal import read_events
from harness.report.json_report import to_json
from harness.schema.tree import Plain, from_plain
from harness.slo import Slo, read_slos
from harness.slo.k6 import convert
from harness.stats.eprocess import log_evidence
from harness.verdict.gameday import judge_record
from tests.support.gameday import gameday
from tests.support.paths import BINDINGS, ROOT, SLOS
from tests.support.simulated_drill import World

PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text() for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
}
ALL = "\n".join(PAGES.values())
ARCHITECTURE = "docs/explanation/architecture.md"


def said(word: str, text: str = ALL) -> bool:
    """Does this text name the word, as a whole?"""
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


def table(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head and without code marks."""
    below = PAGES[page].split(f"\n{heading}", 1)[1].split("\n|", 1)[1]
    rows = f"|{below}".split("\n\n", 1)[0].split("\n")
    cells = [[cell.strip().replace("`", "") for cell in row.strip("|").split("|")] for row in rows if row[:1] == "|"]
    return cells[2:]


# -- words -------------------------------------------------------------------------------------------------------------


def commands() -> dict[str, argparse.ArgumentParser]:
    """Every word of the command line with its own parser."""
    actions = build_parser()._actions
    (words,) = [action for action in actions if isinstance(action, argparse._SubParsersAction)]
    return dict(words.choices)


def actions_of(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """What a word takes, and what each word below it takes."""
    for action in parser._actions:
        yield action
        below = action.choices.values() if isinstance(action, argparse._SubParsersAction) else ()
        yield from (deeper for one in below for deeper in actions_of(one))


def test_every_word_and_flag_is_named() -> None:
    assert commands()
    for word, parser in commands().items():
        assert f"gameday {word}" in ALL, word
        for action in actions_of(parser):
            for flag in (option for option in action.option_strings if option not in ("-h", "--help")):
                assert said(flag), f"gameday {word} {flag}"
            for choice in action.choices or ():
                assert said(choice), f"gameday {word} … {choice}"


def test_no_word_or_flag_is_named_that_there_is_not() -> None:
    flags = {
        word: {flag for action in actions_of(one) for flag in action.option_strings} for word, one in commands().items()
    }
    spoken = re.findall(r"`gameday ([a-z]+)([^`]*)`", ALL)
    assert spoken
    for word, rest in spoken:
        assert word in flags, f"gameday {word}"
        assert set(re.findall(r"--[a-z-]+", rest)) <= flags[word], f"gameday {word}{rest}"


def test_every_exit_code_is_named() -> None:
    names = ("PASSED", "FAILED", "UNUSABLE", "INCONCLUSIVE", "BROKEN", "INTERRUPTED", "CLOSED_PIPE")
    codes = {name.lower().partition("_")[0]: getattr(errors, name) for name in names}
    assert {row[0]: row[1].split()[0].strip(":") for row in table("docs/reference/cli.md", "## Exit codes")} == {
        str(code): name for name, code in codes.items()
    }
    if "README.md" in PAGES:
        line = next(line for line in PAGES["README.md"].split("\n") if line.startswith("Exit codes"))
        assert all(f"{code} {name}" in line for name, code in codes.items())


# -- what can be written in a bindings file ----------------------------------------------------------------------------


def test_every_condition_is_named_by_an_example_that_is_read() -> None:
    with pytest.raises(ConditionError) as refused:
        parse("nosuch(x) > 1")
    known = re.findall(r"\w+", str(refused.value).split("known are pNN,")[1].split(". Example")[0])
    assert len(known) >= 12
    examples = re.findall(r"^\| `([^`]+)` \|", PAGES["docs/reference/conditions.md"], re.M)
    read = {parse(example).text.split("(")[0] for example in examples}
    assert {"p95", *known} <= read


REGISTRIES = """
import importlib, tempfile
from fakes.log import Log
from fakes.pod import MODULES
from fakes.service import Context
from fakes.settings import identity
from scenarios.generator.faults import PARAMETERS
for name, module in MODULES.items():
    env = {"APP_DIR": tempfile.mkdtemp(), "INFERENCE_URL": "http://127.0.0.1:9", "TOOL_SERVICE_URL": "http://127.0.0.1:9"}
    for fault in importlib.import_module(module).build(Context(identity(name, env), env, Log())).faults:
        print(name, fault.name, *fault.parameters)
for name, parameters in PARAMETERS.items():
    print("load", name, *parameters)
"""


def test_every_fault_is_in_the_contracts_and_no_other() -> None:
    ran = subprocess.run([sys.executable, "-c", REGISTRIES], cwd=ROOT, capture_output=True, text=True, check=True)
    real = {tuple(line.split()) for line in ran.stdout.splitlines()}
    assert len(real) >= 8
    rows = table("docs/reference/contracts.md", "## Faults")
    assert {(row[0], row[1], *row[2].replace(",", " ").split()) for row in rows} == real


def test_every_fault_of_a_service_proxy_is_in_the_contracts_and_no_other() -> None:
    rows = table("docs/reference/contracts.md", "### Faults of a Service proxy")
    documented = {name: re.findall(r"(\w+)(?: \((\S+)\))?", parameters) for name, parameters, _ in rows}
    real = {
        each.name: [
            (name, "" if valid.default is None else f"{valid.default:g}") for name, valid in each.parameters.items()
        ]
        for each in EFFECTS
    }
    assert documented == real


def test_the_table_of_faults_and_platforms_is_what_the_platforms_refuse() -> None:
    own = {"web": OwnService("web", "serve", Path())}

    def works(fault: str, platform: str, services: dict[str, OwnService] | None = None) -> str:
        needs = getattr(FAULTS.load(fault), "needs", frozenset())
        return "no" if any(map(PLATFORMS.load(platform)(PlatformOptions(services=services)).refusal, needs)) else "yes"

    cells = table("docs/reference/bindings.md", "### Where each fault works")
    rows = {row[0]: [cell.split(" ")[0] for cell in row[1:]] for row in cells}
    real = {
        name: [works(name, "local", own), works(name, "local"), works(name, "docker"), works(name, "kind")]
        for name in FAULTS.names()
    }
    assert rows == real
    assert PLATFORMS.names() == ("docker", "kind", "kubernetes", "local")
    assert all(works(name, "kubernetes") == works(name, "kind") for name in FAULTS.names())


def test_every_toggle_is_in_the_contracts_with_its_deployment_and_value(tmp_path: Path) -> None:
    bound = bindings.load(BINDINGS).toggles
    deployed = LocalPlatform(tmp_path).deployed()
    real = {(name, where, deployed[where][name]) for name, where in bound.items()}
    rows = table("docs/reference/contracts.md", "### Toggles")
    assert {tuple(row[:3]) for row in rows} == real


def test_every_key_of_the_bindings_is_named() -> None:
    with pytest.raises(errors.BindingError) as refused:
        _load("version: 1\nx: 1\nfaults: {f: []}\nrunbooks: {A: {x: 1, symptoms: [{x: 1}]}}\n")
    known = re.findall(r"known keys: (.*)", str(refused.value))
    keys = {key for names in known for key in names.split(", ")}
    assert {"placeholders", "scenario", "contains"} <= keys
    assert [key for key in keys if not said(key, PAGES["docs/reference/bindings.md"])] == []


def _load(text: str, slos: Path | None = None) -> bindings.Bindings:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        if slos:
            (Path(folder) / "slos").symlink_to(slos)
        (Path(folder) / "gameday.yaml").write_text(text)
        return bindings.load(Path(folder) / "gameday.yaml")


def test_the_example_of_the_bindings_is_read() -> None:
    read = _load(PAGES["docs/reference/bindings.md"].split("```yaml\n")[1].split("```")[0], SLOS)
    assert read.runbooks


def test_the_examples_of_slos_are_read(tmp_path: Path) -> None:
    bound, file = re.findall(r"^```yaml\n(.*?)^```", PAGES["docs/reference/slos.md"], re.M | re.S)
    _load(f"version: 1\n{bound}", SLOS)
    (tmp_path / "slo.yaml").write_text(file)
    found = read_slos([tmp_path / "slo.yaml"])
    assert found.problems == ()
    assert [(slo.name, slo.condition.text, slo.alpha, slo.vif_floor) for slo in found.slos] == [
        ("gateway latency", "p95(gateway) < 500ms", 0.01, 2.0)
    ]


def test_a_sentence_of_the_table_is_the_document_beside_it() -> None:
    rows = table("docs/reference/slos.md", "## A line and its document")
    assert len(rows) >= 8
    for sentence, indicator, method, objective in rows:
        (slo,) = read_slos([], {"x": from_plain(sentence, "docs/reference/slos.md")}).slos
        assert slo.condition.text == sentence
        spec = slo.document.fields["spec"]
        kind = next(iter(spec.fields["indicator"].fields["spec"].fields))
        assert kind == ("thresholdMetric" if "thresholdMetric" in indicator else "ratioMetric")
        assert spec.text("budgetingMethod") == method
        assert spec.fields["objectives"].plain() == [yaml.safe_load(f"{{{objective}}}")]


def test_a_threshold_of_k6_becomes_what_its_row_says() -> None:
    for left, right in table("docs/reference/slos.md", "## Import from k6")[:3]:
        metric, *expressions = re.split(r": |, ", left)
        documents = convert({metric: list(expressions)}, "gateway", {}).documents
        texts = [slo.condition.text for each in documents for slo in _slos_of(each)]
        assert texts == re.split(r", ", right.split(";")[0])


def _slos_of(document: dict[str, Plain]) -> tuple[Slo, ...]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "x.yaml").write_text(json.dumps(document))
        return read_slos([Path(folder) / "x.yaml"]).slos


# -- what comes out ----------------------------------------------------------------------------------------------------


def keys(value: object) -> Iterator[str]:
    """Every key of a JSON value, however deep."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from keys(item)
    for item in value if isinstance(value, list) else ():
        yield from keys(item)


def test_every_key_of_the_result_is_in_its_page(tmp_path: Path) -> None:
    board = DashboardPlan(9, "Prometheus: `x`", "Prometheus", "x")
    World(tmp_path, lambda side, since, healed: 0.0 if since is None or healed else 0.5, dashboards=(board,)).run()
    header, *events = read_events(tmp_path / "record.jsonl")
    assert isinstance(header, RunStarted)
    header = replace(header, findings=("a",), procedures=(Procedure("alert", 3, "a"),))
    found = set(keys(json.loads(to_json(judge_record([header, *events])))))
    assert {"bad_before", "seen_after_s", "kind", "system", "holds", "phase"} <= found, (
        "parts of the contract are empty here"
    )
    assert [key for key in sorted(found) if f"`{key}`" not in marked(PAGES["docs/reference/result.md"])] == []


def marked(text: str) -> str:
    """The text with `key` for every key that is marked as `key[]`, `a.key` or `a[].key`."""
    return re.sub(r"`(?:\w+(?:\[\])?\.)?(\w+)(?:\[\])?`", r"`\1`", text)


# -- examples and links ------------------------------------------------------------------------------------------------


def examples() -> list[str]:
    """Every `gameday …` of a fenced bash block, and of the help of each word."""
    blocks = re.findall(r"^(`{3,})([^\n]*)\n(.*?)^\1$", ALL, re.M | re.S)
    fences = "\n".join(text for _, language, text in blocks if language in ("", "bash", "sh", "console"))
    helped = "\n".join(parser.epilog or "" for parser in commands().values())
    found = re.findall(r"""(?:^\s*|[;&"(]\s*|\$ )(gameday [^;&#)>"\n]+)""", f"{fences}\n{helped}", re.M)
    return sorted({" ".join(re.split(r"\s{2,}", text)[0].split()) for text in found})


def test_there_are_examples_of_every_word() -> None:
    assert {example.split()[1] for example in examples()} == commands().keys()


@pytest.mark.parametrize("example", examples())
def test_the_command_line_understands_the_example(example: str) -> None:
    options = build_parser().parse_args(shlex.split(example)[1:])
    for name in ("runbook", "bindings"):
        path = getattr(options, name, None)
        assert path is None or path.is_absolute() or (ROOT / path).exists() or path.name.startswith("ops"), path


@pytest.mark.parametrize(
    "example", [text for text in examples() if re.search(r"^gameday (show|plan)\b(?!.* ops)", text)]
)
def test_the_example_runs(example: str, tmp_path: Path) -> None:
    for name in ("runbooks", "gameday.yaml", "slos"):
        (tmp_path / name).symlink_to(ROOT / name)
    done = gameday(*shlex.split(example)[1:], cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def links() -> list[tuple[str, str]]:
    """Page and target of each relative link outside of code blocks."""
    pattern = r"\]\((?!https?://|mailto:)([^)\s]+)\)"
    return [(page, target) for page, text in PAGES.items() for target in re.findall(pattern, "\n".join(prose(text)))]


def test_links_resolve() -> None:
    assert links()
    for page, target in links():
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), f"{page}: {target}"
        assert not anchor or anchor in anchors(file.read_text()), f"{page}: {target}"


def anchors(text: str) -> set[str]:
    """The names under which GitHub finds the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_layers_of_the_architecture_page_are_those_of_the_import_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each["name"].startswith("Layers"))
    ranks = {name: rank for rank, layer in enumerate(layers) for name in re.findall(r"harness\.(\w+)", layer)}
    rows = [re.findall(r"\w+", row[0].replace(".py", "")) for row in table(ARCHITECTURE, "## Layers of the harness")]
    shown = [name for row in rows for name in row]
    assert sorted(shown) == sorted(ranks)
    assert [ranks[name] for name in shown] == sorted(ranks.values())


def test_targets_and_scripts_of_the_contributors_guide_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"(?:`|^|Run )make ([a-z]+)", ALL, re.M))
    assert {"setup", "lint", "test"} <= named
    assert named <= targets
    scripts = re.findall(r"(?:`|python )(\.?ci/[\w.-]+)", ALL)
    assert {".ci/run", "ci/nightly", "ci/coverage.py"} <= set(scripts)
    assert [name for name in scripts if not (ROOT / name).exists()] == []


def test_every_term_of_the_glossary_is_used_elsewhere() -> None:
    terms = re.findall(r"^\| ([^|]+) \|", PAGES["docs/glossary.md"], re.M)
    names = {term.lower() for term in terms} - {"term", "---"}
    assert len(names) > 60
    others = "\n".join(text for page, text in PAGES.items() if page != "docs/glossary.md").lower()
    assert sorted(name for name in names if name not in others) == []


def test_phases_of_the_glossary_are_those_of_the_record() -> None:
    (shown,) = re.findall(r"^\| phase \| a part of a drill: (.*) \|$", PAGES["docs/glossary.md"], re.M)
    (first,) = re.findall(
        r"^\| phase of a sequential control \| one before them: (.*) \|$", PAGES["docs/glossary.md"], re.M
    )
    assert f"{first}, {shown}".split(", ") == list(get_args(PhaseName))


def test_files_of_the_project_that_are_named_exist() -> None:
    named = re.findall(r"`((?:harness|fakes|scenarios|runbooks|docs|tests)/[\w./-]+)`", ALL)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


# -- form --------------------------------------------------------------------------------------------------------------


MOST_IN_A_CELL = 120


def cells(text: str) -> Iterator[str]:
    """Every cell of every table of a page."""
    for row in re.findall(r"^\|(.*)\|$", text, re.M):
        yield from (cell.strip() for cell in re.split(r"(?<!\\)\|", row))


def test_no_table_cell_is_longer_than_120_characters() -> None:
    assert sum(1 for text in PAGES.values() for _ in cells(text)) > 500
    assert [(page, cell) for page, text in PAGES.items() for cell in cells(text) if len(cell) > MOST_IN_A_CELL] == []


MOST_IN_A_LINE = 160


def prose(text: str) -> Iterator[str]:
    """Every line of a page outside of code blocks."""
    for part in re.split(r"^(`{3,}).*\n(?:.*\n)*?\1$", text, flags=re.M)[::2]:
        yield from part.split("\n")


def test_no_line_of_prose_is_longer_than_160_characters() -> None:
    lines = [(page, line) for page, text in PAGES.items() for line in prose(text) if not line.startswith("|")]
    assert len(lines) > 1000
    assert [(page, line) for page, line in lines if len(line) > MOST_IN_A_LINE] == []


def test_every_heading_is_followed_by_an_empty_line() -> None:
    pairs = [(page, *pair) for page, text in PAGES.items() for pair in pairwise(prose(text))]
    headings = [(page, line, after) for page, line, after in pairs if re.match("#+ ", line)]
    assert len(headings) > 100
    assert [(page, line) for page, line, after in headings if after.strip()] == []


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="the extra [docs] is not installed")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    pages = {path.relative_to(tmp_path / "site").parent.as_posix() for path in (tmp_path / "site").rglob("index.html")}
    names = [path.removeprefix("docs/").removesuffix(".md") for path in PAGES if path.startswith("docs/")]
    assert pages >= {name.removesuffix("/index") for name in names if name != "index"}


# -- what is computed --------------------------------------------------------------------------------------------------


def test_the_arrivals_that_a_verdict_costs() -> None:
    for row in table("docs/explanation/verdicts.md", "## What it costs"):
        share = float(re.findall(r"[\d.]+", row[0])[-1])
        theta = round(1 - share / 100, 6)
        for alpha, needed in ((0.05, row[1]), (0.01, row[2])):
            n = int(needed.replace(",", ""))
            assert log_evidence(theta, n, 0, below=True) >= -math.log(alpha), row
            assert log_evidence(theta, n - 1, 0, below=True) < -math.log(alpha), row


def test_every_key_of_a_compose_file_that_is_known_is_documented() -> None:
    page = (ROOT / "docs/reference/bindings.md").read_text(encoding="utf-8")
    section = page.partition("## A compose project\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(?:deploy\.|networks\.NAME\.)?([a-z_]+)(?:\.[a-z_]+)?`", section))
    lists = (
        compose_keys.SERVICE_USED, compose_keys.SERVICE_IGNORED, compose_keys.SERVICE_REFUSED,
        compose_keys.DEPLOY_USED, compose_keys.DEPLOY_IGNORED, compose_keys.TOP_REFUSED,
    )  # fmt: skip
    assert sorted(set().union(*lists) - named - {"networks", "deploy"}) == []
