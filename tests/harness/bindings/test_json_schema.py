"""The JSON Schema of gameday.yaml: it accepts what is accepted, and refuses what is wrong by its form."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import jsonschema
import pytest

from harness.bindings import load
from harness.bindings.file_schema import json_schema
from harness.errors import BindingError
from harness.schema.tree import read
from tests.harness.bindings.test_reader import BOUND
from tests.support.paths import BINDINGS, ROOT
from tests.support.slo import changed, write_bindings

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def valid(text: str) -> bool:
    """Whether the schema accepts a text."""
    (tree,) = read(text, "gameday.yaml")
    return bool(VALIDATOR.is_valid(tree.plain()))


def accepted(folder: Path, text: str) -> bool:
    """Whether the reader accepts a text, in which everything is decided."""
    try:
        return not load(write_bindings(folder, text)).undecided
    except BindingError:
        return False


def test_it_is_a_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_documentation_site_publishes_it(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("docs_hooks", ROOT / "ci" / "docs_hooks.py")
    assert spec is not None
    assert spec.loader is not None
    hooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hooks)
    hooks.on_post_build({"site_dir": str(tmp_path)})
    assert json.loads((tmp_path / "gameday.schema.json").read_text(encoding="utf-8")) == SCHEMA
    assert "hooks: [ci/docs_hooks.py]" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")


def examples() -> list[str]:
    """Every YAML block of the documentation that is a bindings file or a part of one."""
    pages = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("docs/**/*.md"))
    blocks = re.findall(r"^```yaml\n(.*?)^```", pages, re.M | re.S)
    return [each for each in blocks if re.search(r"^(version: 1|faults:|services:|loads:|slo_files:)", each, re.M)]


SHIPPED = [path.read_text(encoding="utf-8") for path in (BINDINGS, *ROOT.glob("examples/*/gameday.yaml"))]


@pytest.mark.parametrize("text", [*SHIPPED, *examples()])
def test_every_shipped_file_and_every_documented_one_is_valid(text: str) -> None:
    assert valid(text if "version: 1" in text else f"version: 1\n{text}")


def test_there_are_examples() -> None:
    assert len(examples()) >= 5


@pytest.mark.parametrize(
    "change",
    [
        ("version: 1", "version: 1.0"),
        ("slos: {quick", "namespace:\ntoggles:\nprobes:\nslos: {quick"),
        ("port: 8080", "port: text"),
        ("    rate: 70\n", "    rate:\n"),
        ("    rate: 70\n", "    rate: 0.5\n    order: toggles-last\n    document: docs/ops.md\n"),
        ("factor: 2", "factor: true"),
        ("faults:", "services: {web: {run: x, port: 80, replicas: 2, env: {A: 1}, health: /h, needs: []}}\nfaults:"),
        ("faults:", "loads: {shop: {rate: 5, requests: [GET /a, {send: POST /b, status: 201, share: 0.2}]}}\nfaults:"),
        ("    rate: 70\n", "    users: 5\n    spawn_rate: 0.5\n"),
        ("faults:", "control: {sequential: one database, observe_s: 90.5}\nfaults:"),
        ("faults:", "control:\nfaults:"),
        ("{line: 15,", "{alert: Broken,"),
        ("contains", "words"),
        ("faults:", "probes: {a: {service: b, send: 'websocket /x', headers: {a: 1}, body: '{}'}}\nfaults:"),
        ("f: [{at: load, fault: surge, factor: 2}]", "f: [{at: load, fault: surge}]\n  none:"),
    ],
)
def test_both_accept_what_is_right(tmp_path: Path, change: tuple[str, str]) -> None:
    text = changed(BOUND, change)
    assert accepted(tmp_path, text)
    assert valid(text)


@pytest.mark.parametrize(
    "change",
    [
        ("version: 1", "version: 2"),
        ("version: 1\n", "\n"),
        ("faults:", "fault: 1\nfaults:"),
        ("{quick tools: p99(tools) < 1s}", "[1]"),
        ("[promises/*.yaml]", "promises/*.yaml"),
        ("port: 8080", "port: [8080]"),
        ("port: 8080", "port:"),
        ("faults:", "toggles: {a: }\nfaults:"),
        ("faults:", "probes: {a: {service: b, send: /c}}\nfaults:"),
        ("faults:", "probes: {a: {send: GET /c}}\nfaults:"),
        ("faults:", "loads: {shop: {rate: 5}}\nfaults:"),
        ("faults:", "loads: {shop: {rate: 0, requests: [GET /]}}\nfaults:"),
        ("faults:", "loads: {a/b: {rate: 5, requests: [GET /]}}\nfaults:"),
        ("faults:", "loads: {shop: {rate: 5, requests: [GET]}}\nfaults:"),
        ("faults:", "loads: {shop: {rate: 5, requests: [{send: GET /, shares: 1}]}}\nfaults:"),
        ("faults:", "loads: {shop: {rate: fast, access_log: a.log}}\nfaults:"),
        ("    rate: 70\n", "    users: 0\n"),
        ("faults:", "control: sequential\nfaults:"),
        ("faults:", "control: {observe_s: 60}\nfaults:"),
        ("faults:", "control: {sequential: ''}\nfaults:"),
        ("faults:", "control: {sequential: x, observe_s: 0}\nfaults:"),
        ("faults:", "services: {}\nfaults:"),
        ("faults:", "services: {web: {}}\nfaults:"),
        ("faults:", "services: {web: {run: }}\nfaults:"),
        ("faults:", "services: {Web: {run: x}}\nfaults:"),
        ("faults:", "services: {web: {run: x, port: 0}}\nfaults:"),
        ("faults:", "services: {web: {run: x, replicas: 1.5}}\nfaults:"),
        ("faults:", "services: {web: {run: x, health: ping}}\nfaults:"),
        ("faults:", "services: {web: {run: x, env: {1A: x}}}\nfaults:"),
        ("faults:", "services: {web: {run: x, image: y}}\nfaults:"),
        ("at: load, ", ""),
        ("fault: surge, ", ""),
        ("at: load, ", "at: [load], "),
        ("[{at: load, fault: surge, factor: 2}]", "[load]"),
        ("[{at: load, fault: surge, factor: 2}]", "surge"),
        ("factor: 2", "max_duration_s: 5 min"),
        ("factor: 2", "max_duration_s: -1"),
        ("rate: 70", "rate: 0"),
        ("rate: 70", "rate: true"),
        ("    rate: 70", "    rates: 70"),
        ("    rate: 70", "    order: alphabetical"),
        ("    series: gateway\n", ""),
        ("    series: gateway\n", "    series:\n"),
        ("    service: api-gateway", "    service: [a]"),
        ("[gateway-latency, errors, quick tools]", "[]"),
        ("[gateway-latency, errors, quick tools]", ""),
        ("{line: 15, ", "{line: 15, contains: x, "),
        ("{line: 15, ", "{"),
        ("line: 15", "line: fifteen"),
        ("is: 'breaker(api-gateway, tools) == open'", "was: x"),
        ("is: 'breaker(api-gateway, tools) == open'", "is: "),
        ("'breaker(api-gateway, tools) == open'", "breaker is open"),
    ],
)
def test_both_refuse_what_is_wrong(tmp_path: Path, change: tuple[str, str]) -> None:
    text = changed(BOUND, change)
    assert not accepted(tmp_path, text)
    assert not valid(text)
