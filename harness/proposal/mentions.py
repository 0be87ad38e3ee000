"""What the commands of a runbook name: namespaces, Deployments, and the Deployment of a variable."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NAMESPACE = re.compile(r"\b(?:kubectl|oc|helm)\b[^|;&\n]*?\s(?:-n|--namespace)[ =]['\"]?(?P<name>[^\s'\"|;]+)")
_NAMED = re.compile(
    r"(?<![\w-])(?:deploy(?:ment)?s?(?:\.apps)?|svc|services?)[/ ](?P<name>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?![\w/])"
    r"|-l\s*['\"]?(?:app|app\.kubernetes\.io/name)=(?P<label>[a-z0-9-]+)"
)
_SETS_ENV = re.compile(r"kubectl\s.*?\bset\s+env\s.*?\bdeploy(?:ment)?s?(?:\.apps)?[/ ](?P<name>[a-z0-9-]+)(?![\w<-])")
_NAME = re.compile(r"(?!\d+$)[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def namespaces(texts: Iterable[str]) -> tuple[str, ...]:
    """The namespaces that kubectl commands name, without placeholders and variables."""
    found = (match["name"] for text in texts for match in _NAMESPACE.finditer(text))
    return tuple(dict.fromkeys(name for name in found if _NAME.fullmatch(name)))


def is_namespace(word: str, texts: Iterable[str]) -> bool:
    """Whether a word stands only where kubectl expects a namespace."""
    every = list(texts)
    uses = [match for text in every for match in _NAMESPACE.finditer(text) if match["name"] == word]
    return 0 < len(uses) == sum(text.count(word) for text in every)


def deployments(texts: Iterable[str]) -> tuple[str, ...]:
    """The Deployments and Services that kubectl commands name, without placeholders and variables."""
    found = (match["name"] or match["label"] for text in texts for match in _NAMED.finditer(text))
    return tuple(dict.fromkeys(name for name in found if _NAME.fullmatch(name)))


def deployment_of(variable: str, texts: Iterable[str]) -> str | None:
    """The one Deployment on which `kubectl set env` sets a variable."""
    found = {match["name"] for text in texts if f"{variable}=" in text and (match := _SETS_ENV.search(text))}
    return found.pop() if len(found) == 1 else None
