"""SLOs as text, JSON and OpenSLO documents."""

from __future__ import annotations

from collections.abc import Iterable

import yaml

from harness.report.format import as_json, printable
from harness.schema.tree import Plain
from harness.slo import Catalogue, Slo


def to_text(found: Catalogue) -> str:
    """One line per SLO: its name, its condition, and α and the VIF floor where the file sets them."""
    return printable("".join(_line(slo) for slo in found.slos))


def _line(slo: Slo) -> str:
    parameters = (("alpha", slo.alpha), ("vif floor", slo.vif_floor))
    shown = "".join(f"  ({name} {value:g})" for name, value in parameters if value is not None)
    return f"{slo.name}: {slo.condition.text}{shown}\n"


def to_json(found: Catalogue) -> str:
    """The SLOs and the problems of their files as JSON: slos[], problems[]."""
    whole = {"slos": [_slo_json(slo) for slo in found.slos], "problems": list(found.problems)}
    return as_json(whole)


def _slo_json(slo: Slo) -> dict[str, object]:
    return {
        "name": slo.name,
        "objective": slo.condition.text,
        "target": slo.target,
        "window_s": slo.window_s,
        "alpha": slo.alpha,
        "vif_floor": slo.vif_floor,
        "place": slo.place,
    }


def to_openslo(document: Plain, judges: Iterable[str] = ()) -> str:
    """One OpenSLO document as YAML, with a comment that names the runbooks judged by it.

    The comment follows the separator: the reference validator takes a comment before it for a document of its own.
    """
    names = ", ".join(judges)
    comment = f"# judges {names}\n" if names else ""
    text = yaml.safe_dump(document, sort_keys=False, default_flow_style=None, allow_unicode=True, width=120)
    return f"---\n{comment}{text}"
