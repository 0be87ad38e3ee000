"""Expresses a PromQL alert as a condition, where a condition can say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness.conditions import parse as parse_condition
from harness.errors import ConditionError
from harness.measures.base import digits
from harness.proposal.promql import Binary, Call, Node, Number, PromqlError, Selector, parse

_TARGET_LABELS = (
    "service",
    "deployment",
    "app",
    "job",
    "container",
    "pod",
    "instance",
    "namespace",
    "cluster",
    "endpoint",
)
"""Labels that Prometheus adds to what it scrapes; those that can name a service come first."""
_STATUS_LABELS = ("code", "status", "status_code", "http_status", "response_code")
_OTHER_EXPORTERS = re.compile(r"(kube|node|container|kubelet|apiserver|etcd|coredns|probe|blackbox|aws|cloudwatch)_.*")
_MIRRORED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}
_ALTERNATIVES = re.compile(r"[\w-]+(\|[\w-]+)*")


@dataclass(frozen=True)
class Expressed:
    """The conditions of an alert, all of which it needs; or none, and why."""

    conditions: tuple[str, ...] = ()
    why: str = ""


class _CannotError(Exception):
    """The expression has no counterpart; the message says which part of it."""


def express(text: str, services: tuple[str, ...], default: str | None = None) -> Expressed:
    """The conditions of an expression; `default` is the service where its labels name none of the known ones."""
    try:
        node = parse(text)
        expression = _Expression(services, _service_of(node, services) or default)
        conditions = tuple(dict.fromkeys(map(expression.of, _all_of(node))))
        for condition in conditions:
            parse_condition(condition)
    except RecursionError:
        return Expressed(why="it is nested too deeply")
    except (PromqlError, _CannotError, ConditionError) as error:
        return Expressed(why=str(error))
    return Expressed(conditions)


def _all_of(node: Node) -> Iterator[Node]:
    """The expressions that `and` joins."""
    if isinstance(node, Binary) and node.op == "and":
        yield from (*_all_of(node.left), *_all_of(node.right))
    else:
        yield node


@dataclass(frozen=True)
class _Expression:
    services: tuple[str, ...]
    default: str | None

    def of(self, node: Node) -> str:
        """The condition of a comparison with a number."""
        if isinstance(node, Call) and node.function == "absent" and self._is_up(node.args[0]):
            return f"health({self.service(node)}) == failing"
        if not isinstance(node, Binary) or node.op not in _MIRRORED:
            raise _CannotError("it is not a comparison with a number")
        right, left = _constant(node.right), _constant(node.left)
        if right is not None and left is None:
            return self.compared(node.left, node.op, right)
        if left is not None and right is None:
            return self.compared(node.right, _MIRRORED[node.op], left)
        raise _CannotError("it is not a comparison of a metric with a number")

    def compared(self, node: Node, op: str, limit: float) -> str:
        """The condition of a measured value and its limit, in the measure's own unit."""
        node, factor = _without_factor(node)
        node, limit, op = _plain(node), limit / factor, op if factor > 0 else _MIRRORED[op]
        if isinstance(node, Call) and node.function == "absent" and limit == 1:
            return self.of(node)
        if self._is_up(node) and (op, limit) in (("==", 0.0), ("<", 1.0), ("!=", 1.0)):
            return f"health({self.service(node)}) == failing"
        if isinstance(node, Binary) and node.op == "/":
            part, total = self._ratio(node, f"error_rate(SERIES) {op} {digits(limit * 100)}%")
            return f"ratio({self.service(node)}, {part}, {total}) {op} {digits(limit * 100)}%"
        if isinstance(node, Call) and node.function == "histogram_quantile":
            return f"{self._quantile(node)} {op} {digits(limit * 1000)}ms"
        function, selector = self._measured(node)
        return f"{function}({self.service(selector)}, {_single(selector)}) {op} {digits(limit)}"

    def _measured(self, node: Node) -> tuple[str, Selector]:
        """The measure and the selector of a metric, or of its growth."""
        if isinstance(node, Selector):
            return "metric", _instant(node)
        if isinstance(node, Call) and node.function in ("rate", "irate", "increase") and len(node.args) == 1:
            inside = node.args[0]
            if isinstance(inside, Selector):
                return ("increase" if node.function == "increase" else "rate"), _checked(inside)
        what = f"`{node.function}(…)`" if isinstance(node, Call) else "arithmetic with several metrics"
        raise _CannotError(f"{what} has no counterpart")

    def _ratio(self, node: Binary, as_seen_by_the_load: str) -> tuple[str, str]:
        sides = []
        if any(
            label in _STATUS_LABELS and value.startswith("5") and "." in value for label, _, value in _matchers(node)
        ):
            raise _CannotError(f"a status by a pattern has no counterpart; perhaps {as_seen_by_the_load}")
        for side in (node.left, node.right):
            counters = [self._counter(term) for term in _terms(_plain(side))]
            sides.append(" + ".join(each for counter in counters for each in _alternatives(counter)))
        return sides[0], sides[1]

    def _counter(self, node: Node) -> Selector:
        function, selector = self._measured(_plain(node))
        if function == "metric":
            raise _CannotError("a ratio of values is not one of growth; use rate(…)")
        return selector

    def _quantile(self, node: Call) -> str:
        quantile = _constant(node.args[0]) if len(node.args) == 2 else None
        function, buckets = self._measured(_plain(node.args[-1]))
        if quantile is None or function == "metric" or not buckets.name.endswith("_bucket"):
            raise _CannotError("`histogram_quantile` without a rate of buckets has no counterpart")
        name = buckets.name.removesuffix("_bucket")
        if re.search(r"_(milliseconds|ms|us|micros(econds)?|bytes)$", name):
            raise _CannotError(f"the histogram {name} is not in seconds")
        selector = Selector(name, tuple(each for each in buckets.matchers if each[0] != "le"))
        return f"quantile({digits(quantile)}, {self.service(buckets)}, {_single(selector)})"

    def service(self, node: Node) -> str:
        """The known service that the labels of the target name, else the default one."""
        named = _service_of(node, self.services) or self.default
        if named is None:
            raise _CannotError("no label of it names a known service")
        return named

    def _is_up(self, node: Node) -> bool:
        return isinstance(node, Selector) and node.name == "up"


def _service_of(node: Node, services: tuple[str, ...]) -> str | None:
    """The known service that the labels of the target name."""
    matchers = list(_matchers(node))
    values = [value for label in _TARGET_LABELS for name, op, value in matchers if name == label and op in ("=", "=~")]
    return next((service for value in values for service in services if _names(value, service)), None)


def _names(value: str, service: str) -> bool:
    """Whether the value of a label names a service: `checkout`, `shop/checkout`, `checkout.*`."""
    return value.rpartition("/")[2].removesuffix(".*").removesuffix(".+").rstrip("-") == service


def _matchers(node: Node) -> Iterator[tuple[str, str, str]]:
    """The label matchers of all selectors of an expression."""
    if isinstance(node, Selector):
        yield from node.matchers
    elif isinstance(node, Binary):
        yield from (*_matchers(node.left), *_matchers(node.right))
    elif isinstance(node, Call):
        yield from (each for argument in node.args for each in _matchers(argument))


def _constant(node: Node) -> float | None:
    """The value of an expression of numbers only."""
    if isinstance(node, Number):
        return node.value
    if not isinstance(node, Binary):
        return None
    left, right = _constant(node.left), _constant(node.right)
    if left is None or right is None or (node.op == "/" and not right):
        return None
    known = {"+": left + right, "-": left - right, "*": left * right}
    return left / right if node.op == "/" else known.get(node.op)


def _without_factor(node: Node) -> tuple[Node, float]:
    """An expression, and the constant that it is multiplied by: `100 * a / b`."""
    if isinstance(node, Binary) and node.op in ("*", "/"):
        left, right = _constant(node.left), _constant(node.right)
        if right:
            inside, factor = _without_factor(node.left)
            return inside, factor * right if node.op == "*" else factor / right
        if left and node.op == "*":
            inside, factor = _without_factor(node.right)
            return inside, factor * left
        if node.op == "/":
            inside, factor = _without_factor(node.left)
            return Binary("/", inside, node.right), factor
    return node, 1.0


def _plain(node: Node) -> Node:
    """Without the sum over series: a measure sums over the pods and their series anyway."""
    return _plain(node.args[0]) if isinstance(node, Call) and node.function == "sum" and len(node.args) == 1 else node


def _terms(node: Node) -> Iterator[Node]:
    """The parts of a sum."""
    if isinstance(node, Binary) and node.op == "+":
        yield from (*_terms(node.left), *_terms(node.right))
    else:
        yield node


def _instant(selector: Selector) -> Selector:
    if selector.duration:
        raise _CannotError("a range of values has no counterpart")
    return _checked(selector)


def _checked(selector: Selector) -> Selector:
    """A selector of a metric that the service itself can have. Raises _CannotError."""
    if not selector.name:
        raise _CannotError("a selector without the name of a metric has no counterpart")
    if _OTHER_EXPORTERS.fullmatch(selector.name):
        raise _CannotError(f"{selector.name} is a metric of another exporter, not of the service")
    if ":" in selector.name:
        raise _CannotError(f"{selector.name} is a recording rule")
    return selector


def _single(selector: Selector) -> str:
    found = _alternatives(selector)
    if len(found) > 1:
        raise _CannotError("alternatives of a label are possible in a ratio only")
    return found[0]


def _alternatives(selector: Selector) -> list[str]:
    """The selectors with equal labels that a selector stands for: `code=~"500|503"` is two."""
    found = [""]
    for label, op, value in _checked(selector).matchers:
        if label in _TARGET_LABELS:
            continue
        if op not in ("=", "=~") or not (op == "=" or _ALTERNATIVES.fullmatch(value)):
            raise _CannotError(f'a condition selects labels by equality, not by `{label}{op}"{value}"`')
        values = value.split("|") if op == "=~" else [value]
        found = [
            f'{before}, {label}="{each}"' if before else f'{label}="{each}"' for before in found for each in values
        ]
    return [f"{selector.name}{{{labels}}}" if labels else selector.name for labels in found]
