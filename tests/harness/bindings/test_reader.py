"""`gameday.yaml`: what it becomes, and that every problem in it is reported at once with file, line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.bindings import Bindings, FaultSpec, SequentialControl, StepOrder, load
from harness.errors import BindingError
from harness.measures.probe import RequestProbe
from harness.model import Runbook, Symptom
from tests.support.slo import changed, write_bindings

BOUND = """\
version: 1
slo_files: [promises/*.yaml]
slos: {quick tools: p99(tools) < 1s}
faults:
  f: [{at: load, fault: surge, factor: 2}]
placeholders: {port: 8080, enabled: true, answer: y, when: 2026-01-31}
runbooks:
  TIMEOUT:
    scenario: timeout
    service: api-gateway
    series: gateway
    rate: 70
    fault: f
    slos: [gateway-latency, errors, quick tools]
    placeholders: {port: 9090}
    symptoms:
      - {contains: timeout  Errors, is: 'logs(inference, "timeout") > 0'}
      - {line: 15, is: 'breaker(api-gateway, tools) == open'}
"""


def loaded(folder: Path, *changes: tuple[str, str]) -> Bindings:
    return load(write_bindings(folder, changed(BOUND, *changes)))


def problems(folder: Path, text: str) -> list[str]:
    """The lines of the error for this text, with the file's path cut to its name, without the footer."""
    with pytest.raises(BindingError) as refused:
        load(write_bindings(folder, text))
    return [
        line.removeprefix(f"{folder}/") for line in str(refused.value).split("\n") if not line.startswith("Forms: ")
    ]


# -- valid files -------------------------------------------------------------------------------------------------------


def test_slos_come_from_files_and_from_one_line_conditions(tmp_path: Path) -> None:
    slos = loaded(tmp_path).runbooks["TIMEOUT"].slos
    assert {name: slo.condition.text for name, slo in slos.items()} == {
        "gateway latency": "p95(gateway) < 500ms",
        "errors: #1": "status(tools, 503) <= 10%",
        "errors: #2": "status(tools, 503) <= 1%",
        "quick tools": "p99(tools) < 1000ms",
    }
    assert (slos["gateway latency"].alpha, slos["quick tools"].alpha) == (0.02, None)
    assert slos["errors: #1"].place == f"{tmp_path}/promises/b.yaml:1:1"
    assert slos["quick tools"].place == f"{tmp_path}/gameday.yaml:3:21"


def test_order_of_the_steps_is_the_documents_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    orders = {}
    for word in ("", "order: document", "order: toggles-last"):
        folder = tmp_path / word.replace(": ", "-")
        folder.mkdir(exist_ok=True)
        orders[word] = loaded(folder, ("rate: 70", f"rate: 70\n    {word}")).runbooks["TIMEOUT"].order
    assert list(orders.values()) == [StepOrder.DOCUMENT, StepOrder.DOCUMENT, StepOrder.TOGGLES_LAST]


def test_unknown_order_is_an_error_with_its_place(tmp_path: Path) -> None:
    assert problems(tmp_path, changed(BOUND, ("rate: 70", "rate: 70\n    order: alphabetical"))) == [
        "gameday.yaml:13:12: runbooks.TIMEOUT.order: expected document or toggles-last, got `alphabetical`"
    ]


def test_scalars_are_used_as_written(tmp_path: Path) -> None:
    bound = loaded(tmp_path)
    assert bound.placeholders == {"port": "8080", "enabled": "true", "answer": "y", "when": "2026-01-31"}
    assert (bound.namespace, bound.toggles) == ("production", {})


def test_a_runbook_and_its_fault_keep_the_types_of_their_numbers(tmp_path: Path) -> None:
    limited = loaded(tmp_path, ("factor: 2}", "factor: 2, share: 0.5, hard: true, who: x, max_duration_s: 120}"))
    runbook = limited.runbooks["TIMEOUT"]
    assert (runbook.scenario, runbook.service, runbook.series, repr(runbook.rate)) == (
        "timeout", "api-gateway", "gateway", "70",
    )  # fmt: skip
    parameters = {"factor": 2, "share": 0.5, "hard": True, "who": "x"}
    assert limited.faults == {"f": (FaultSpec("load", "surge", parameters, 120),)}
    assert limited.faults["f"][0].text == "load: surge factor=2 share=0.5 hard=True who=x"


def test_a_fault_lasts_300_seconds_unless_the_file_limits_it(tmp_path: Path) -> None:
    assert loaded(tmp_path).faults["f"][0].max_duration_s == 300.0


def test_a_probe_is_a_request_with_method_path_and_json(tmp_path: Path) -> None:
    tools = """tools: {service: web, send: 'POST /tools?a=b', body: '{"x": 1}'}"""
    text = f"probes:\n  {tools}\n  ws: {{service: chat, send: websocket /ws}}\nfaults:"
    assert loaded(tmp_path, ("faults:", text)).probes == (
        RequestProbe("tools", "web", "POST", "/tools?a=b", {"x": 1}), RequestProbe("ws", "chat", "websocket", "/ws"),
    )  # fmt: skip


@pytest.mark.parametrize("key", ["contains", "words"])
def test_a_symptom_is_identified_by_its_text_or_its_line(tmp_path: Path, key: str) -> None:
    runbook = loaded(tmp_path, ("contains", key)).runbooks["TIMEOUT"]
    (by_text,), (by_line,) = (runbook.conditions_of(Symptom(*each)) for each in ((3, "Many TIMEOUT errors"), (15, "x")))
    assert (by_text.text, by_line.text) == ('logs(inference, "timeout") > 0', "breaker(api-gateway, tools) == open")
    (stated,) = runbook.conditions_of(Symptom(4, "P95 above 2s"))
    assert stated.text == "p95(gateway) > 2s"
    assert runbook.conditions_of(Symptom(4, "it is slow")) == ()


def test_placeholders_of_a_runbook_override_those_of_the_file(tmp_path: Path) -> None:
    bound = loaded(tmp_path)
    assert bound.placeholders_of(Runbook("TIMEOUT", "", 1))["port"] == "9090"
    assert bound.placeholders_of(Runbook("OTHER", "", 1))["port"] == "8080"
    assert bound.placeholders_of(None)["port"] == "8080"


@pytest.mark.parametrize(
    "change",
    [
        ("slos: {quick", "namespace:\ntoggles:\nslos: {quick"),
        ("f: [{at: load, fault: surge, factor: 2}]", "f: [{at: load, fault: surge}]\n  none:\n  empty: []"),
        ("placeholders: {port: 8080", "placeholders: &p {port: 8080"),
        ("placeholders: {port: 9090}", "placeholders: {<<: {port: 9090}}"),
        ("    rate: 70\n", "    rate:\n"),
        ("factor: 2", "factor: [2], extra:"),
        ("version: 1", "---\nversion: 1.0"),
    ],
)
def test_what_is_accepted(tmp_path: Path, change: tuple[str, str]) -> None:
    assert loaded(tmp_path, change).runbooks["TIMEOUT"].fault == "f"


def test_the_streams_of_a_deployment_have_the_usual_labels_unless_the_file_has_others(tmp_path: Path) -> None:
    usual, own = tmp_path / "usual", tmp_path / "own"
    usual.mkdir()
    own.mkdir()
    assert loaded(usual).log_selector == '{namespace="$namespace",app="$deployment"}'
    other = '{k8s_namespace_name="$namespace",service_name="$deployment"}'
    assert loaded(own, ("faults:", f"loki: {{selector: '{other}'}}\nfaults:")).log_selector == other


def test_control_is_beside_the_treatment_unless_the_file_says_what_exists_once(tmp_path: Path) -> None:
    for name in ("without", "with"):
        (tmp_path / name).mkdir()
    assert loaded(tmp_path / "without").control is None
    change = ("faults:", "control: {sequential: one database, observe_s: 90}\nfaults:")
    control = loaded(tmp_path / "with", change).control
    assert control is not None
    assert control == SequentialControl("one database", 90)
    assert control.place.endswith("gameday.yaml:4:10")


# -- problems ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("version: 1", "version: 2"), "1:10: version: version `2` is not supported; write `version: 1`"),
        (("version: 1\n", "\n"), "2:1: version: missing; add it"),
        (("faults:", "fault: 1\nfaults:"), "4:8: fault: unknown key; known keys: version, namespace, placeholders, "
         "toggles, slos, slo_files, probes, indicators, loki, loads, services, manifests, control, compose, lint, "
         "faults, runbooks"),
        (("faults:", "loki: {selector: 'app=$deployment'}\nfaults:"), "4:18: loki.selector: `app=$deployment` selects "
         "no streams of one Deployment; write labels in braces, with `$deployment`: "
         '{namespace="$namespace",app="$deployment"}'),
        (("faults:", "loki: {selector: '{app=\"web\"}'}\nfaults:"), "4:18: loki.selector: `{app=\"web\"}` selects no "),
        (("faults:", "control: sequential\nfaults:"), "4:10: control: expected a mapping, got `sequential`"),
        (("faults:", "control: {observe_s: 60}\nfaults:"), "4:10: control.sequential: missing; add it"),
        (("faults:", "control: {sequential: ''}\nfaults:"), "4:23: control.sequential: is empty; write something"),
        (("faults:", "control: {sequential: x, observe_s: 0}\nfaults:"),
         "4:37: control.observe_s: expected a number above 0, got `0`"),
        (("{quick tools: p99(tools) < 1s}", "[1]"), "3:7: slos: expected a mapping, got a list"),
        (("[promises/*.yaml]", "promises/*.yaml"), "2:12: slo_files: expected a list, got `promises/*.yaml`"),
        (("port: 8080", "port: [8080]"), "6:22: placeholders.port: expected text, got a list"),
        (("faults:", "probes: {a: {service: b, send: /c}}\nfaults:"), "4:32: probes.a.send: `/c` is no request; write "
         "METHOD /PATH, such as `GET /v1/models` or `websocket /ws`"),
        (("faults:", "probes: {a: {service: b, send: GET /c, body: x}}\nfaults:"), "4:46: probes.a.body: not JSON: "),
        (("faults:", "probes: {a: {send: GET /c}}\nfaults:"), "4:13: probes.a.service: missing; add it"),
        (("at: load, ", ""), "5:7: faults.f[0].at: missing; add it"),
        (("fault: surge, ", ""), "5:7: faults.f[0].fault: missing; add it"),
        (("at: load, ", "at: [load], "), "5:12: faults.f[0].at: expected text, got a list"),
        (("[{at: load, fault: surge, factor: 2}]", "[load]"), "5:7: faults.f[0]: expected a mapping, got `load`"),
        (("[{at: load, fault: surge, factor: 2}]", "surge"), "5:6: faults.f: expected a list, got `surge`"),
        (("factor: 2", "max_duration_s: 5 min"),
         "5:48: faults.f[0].max_duration_s: expected a number above 0, got `5 min`"),
        (("rate: 70", "rate: 0"), "12:11: runbooks.TIMEOUT.rate: expected a number above 0, got `0`"),
        (("rate: 70", "rate: true"), "12:11: runbooks.TIMEOUT.rate: expected a number above 0, got `true`"),
        (("    rate: 70", "    rates: 70"), "12:12: runbooks.TIMEOUT.rates: unknown key; known keys: scenario, "
         "service, series, fault, slos, document, symptoms, placeholders, rate"),
        (("    series: gateway\n", ""), "9:5: runbooks.TIMEOUT.series: missing; add it"),
        (("    service: api-gateway", "    service: [a]"),
         "10:14: runbooks.TIMEOUT.service: expected text, got a list"),
        (("    slos: [gateway-latency, errors, quick tools]\n", ""), "9:5: runbooks.TIMEOUT.slos: missing; add it"),
        (("[gateway-latency, errors, quick tools]", "[]"),
         "14:11: runbooks.TIMEOUT.slos: expected at least 1 item, got 0"),
        (("fault: f", "fault: g"), "13:12: runbooks.TIMEOUT.fault: there is no fault `g`; known: f"),
        (("gateway-latency, errors", "gateway-latency, error"), "14:29: runbooks.TIMEOUT.slos: there is no SLO "
         "`error`; known: gateway latency, errors: #1, errors: #2, quick tools"),
        (("p99(tools) < 1s", "p99(tools) below 1s"), "3:21: slos.quick tools: condition `p99(tools) below 1s`: it is "
         "not `function(arguments) comparison value`"),
        (("p99(tools) < 1s", "p99(tools) > 1s"), "3:21: slos.quick tools: condition `p99(tools) > 1s`: cannot be an "
         "SLO: a latency SLO has an upper limit; write < or <=, and a limit above 0 (docs/reference/slos.md)"),
        (("{line: 15, ", "{line: 15, contains: x, "), "18:9: runbooks.TIMEOUT.symptoms[1]: give one of "
         "`line` (a number), `contains` (a text) and `alert` (a name) to identify the symptom"),
        (("{line: 15, ", "{"), "18:9: runbooks.TIMEOUT.symptoms[1]: give one of `line` (a number), "
         "`contains` (a text) and `alert` (a name) to identify the symptom"),
        (("line: 15", "line: fifteen"),
         "18:16: runbooks.TIMEOUT.symptoms[1].line: expected a line number, got `fifteen`"),
        (("is: 'breaker(api-gateway, tools) == open'", "was: x"),
         "18:9: runbooks.TIMEOUT.symptoms[1].is: missing; add it"),
        (("'breaker(api-gateway, tools) == open'", "'breaker(a, b) == wide'"),
         "18:24: runbooks.TIMEOUT.symptoms[1].is: condition `breaker(a, b) == wide`: "),
        (("promises/*.yaml", "promise/*.yaml"), "2:13: slo_files: `promise/*.yaml` matches no file in FOLDER; "
         "docs/reference/slos.md shows an OpenSLO file"),
        (("    series: gateway", "    service: b"), "11:5: `service` is given twice; keep one"),
        (("    series: gateway", "    service: b\n    rate: 1"), "13:5: `rate` is given twice; keep one"),
        (("version: 1", "version: [1"), "2:10: not YAML: expected ',' or ']', but got ':'"),
        (("version: 1", "version: 1\n---\na: 1\n---\nversion: 1"),
         "3:1: a second document; a bindings file has exactly one"),
    ],
)  # fmt: skip
def test_a_problem_has_file_line_and_column(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    found = problems(tmp_path, changed(BOUND, change))
    start = f"gameday.yaml:{problem.replace('FOLDER', str(tmp_path))}"
    assert [line for line in found if line.startswith(start)], found


def test_all_problems_of_the_bindings_and_their_slo_files_are_reported_at_once(tmp_path: Path) -> None:
    text = changed(
        BOUND, ("version: 1", "version: 3"), ("p99(tools) < 1s", "p99(tools) > 1s"), ("fault: f", "fault: g")
    )
    (tmp_path / "promises").mkdir()
    (tmp_path / "promises" / "c.yaml").write_text("kind: SLA\n")
    (tmp_path / "gameday.yaml").write_text(text)
    with pytest.raises(BindingError) as refused:
        load(tmp_path / "gameday.yaml")
    places = [line.split(" ")[0].removeprefix(f"{tmp_path}/") for line in str(refused.value).split("\n")]
    assert places == [
        "gameday.yaml:1:10:",  # version
        "gameday.yaml:3:21:",  # the one-line condition
        *["promises/c.yaml:1:1:"] * 3,  # apiVersion, metadata, spec
        "promises/c.yaml:1:7:",  # kind
        "gameday.yaml:13:12:",  # the fault
        *["gameday.yaml:14:12:", "gameday.yaml:14:29:", "gameday.yaml:14:37:"],  # SLOs that do not exist
        "Forms:",
    ]


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        (None, ": cannot be read (No such file or directory); name a bindings file with --bindings"),
        (b"\xff\xfe", ": not UTF-8 text; name a bindings file with --bindings"),
        (b"", ":1:1: version: missing; add it"),
        (b"hello", ":1:1: expected a mapping, got `hello`"),
    ],
)
def test_a_file_that_is_no_bindings_file_is_refused(tmp_path: Path, content: bytes | None, fact: str) -> None:
    if content is not None:
        (tmp_path / "gameday.yaml").write_bytes(content)
    with pytest.raises(BindingError) as refused:
        load(tmp_path / "gameday.yaml")
    assert str(refused.value).split("\n")[0] == f"{tmp_path}/gameday.yaml{fact}"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("010", "8"),
        ("1.10", "1.1"),
        ("yes", "true"),
        ("off", "false"),
        ("0x10", "16"),
        ("1_000", "1000"),
        ("1:30", "90"),
    ],
)
def test_value_that_yaml_changes_is_a_problem(tmp_path: Path, written: str, value: str) -> None:
    assert problems(tmp_path, changed(BOUND, ("factor: 2", f"factor: {written}"))) == [
        f"gameday.yaml:5:40: faults.f[0].factor: `{written}` would be read as {value}; write {value}, "
        "or put it in quotes if it is text"
    ]


@pytest.mark.parametrize("written", ["1.10", "010", "yes", "on", "1_000"])
def test_text_stays_as_written(tmp_path: Path, written: str) -> None:
    bound = loaded(tmp_path, ("{port: 8080,", f"{{port: {written},"))
    assert bound.placeholders["port"] == written
