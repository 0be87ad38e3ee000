"""How two variants are named: `main`, `./checkout`, `inference:SERVICE_TIME_MS=112`, `image:NAME:TAG`, `http://…`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from harness.errors import ComparisonError

FORMS = "REVISION, ./FOLDER, DEPLOYMENT:NAME=VALUE,…, image:NAME:TAG or http://127.0.0.1:PORT"
IMAGE = "image:"
_REFERENCE = re.compile(r"[A-Za-z0-9][\w.:/@-]*", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)


@dataclass(frozen=True)
class Revision:
    """A git revision of the repository in the working directory."""

    name: str


@dataclass(frozen=True)
class Checkout:
    """A folder with the services' source, such as the working tree (`.`)."""

    folder: Path


@dataclass(frozen=True)
class Environment:
    """Environment variables of one Deployment, which replace the deployed values; none: as deployed."""

    deployment: str
    variables: Mapping[str, str]


@dataclass(frozen=True)
class Image:
    """A container image of the services, for the docker platform."""

    reference: str
    """Name with tag or digest, or an id."""


@dataclass(frozen=True)
class BaseUrl:
    """A service that runs already, on this machine."""

    url: str


Variant = Revision | Checkout | Environment | Image | BaseUrl


def parse_pair(base: str, candidate: str) -> tuple[Variant, Variant]:
    """Both variants. Raises ComparisonError when one is invalid, or when they cannot be compared with each other."""
    pair = parse(base), parse(candidate)
    if len({_kind(each) for each in pair}) > 1:
        raise ComparisonError(f"`{base}` and `{candidate}` are of different kinds; give two of {FORMS}")
    services = {each.deployment for each in pair if isinstance(each, Environment)}
    if len(services) > 1:
        raise ComparisonError(f"{' and '.join(sorted(services))}: give variables of one Deployment")
    return pair


def _kind(variant: Variant) -> type:
    """Revisions and checkouts are both source."""
    return Revision if isinstance(variant, Checkout) else type(variant)


def parse(text: str) -> Variant:
    """One variant. Raises ComparisonError."""
    if "://" in text:
        return BaseUrl(_loopback(text))
    if text == "." or text.startswith(("./", "../", "/")):
        return Checkout(Path(text))
    if text.startswith(IMAGE):
        return Image(_reference(text))
    deployment, colon, variables = text.partition(":")
    if colon:  # never in the name of a revision
        return Environment(deployment, _variables(text, variables))
    if not text or text.startswith("-"):
        raise ComparisonError(f"`{text}` is no variant; give {FORMS}")
    return Revision(text)


def _reference(text: str) -> str:
    reference = text.removeprefix(IMAGE)
    if not _REFERENCE.fullmatch(reference):
        raise ComparisonError(f"`{text}`: name an image as image:NAME:TAG")
    return reference


def _variables(text: str, variables: str) -> dict[str, str]:
    parts = re.split(r",(?=[A-Za-z_][A-Za-z0-9_]*=)", variables) if variables else []
    if not all(map(_VARIABLE.fullmatch, parts)):
        raise ComparisonError(f"`{text}`: write variables as DEPLOYMENT:NAME=VALUE,NAME=VALUE")
    return dict(part.split("=", 1) for part in parts)


def _loopback(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "ws") and parts.path in ("", "/") and parts.port is not None
        loopback = parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        usable = loopback = False
    if not usable or not loopback:
        raise ComparisonError(f"`{text}`: give a service on this machine, as http://127.0.0.1:PORT")
    return text.rstrip("/")
