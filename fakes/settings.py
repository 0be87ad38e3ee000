"""Read a pod's settings from environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

Env = Mapping[str, str]


class SettingError(Exception):
    """An environment variable is missing or invalid; `str(error)` names it."""


@dataclass(frozen=True)
class Identity:
    """Name, addresses, admin port and parent process of a pod. See docs/reference/contracts.md."""

    name: str
    deployment: str
    ip: str
    port: int
    service_ip: str | None
    admin_port: int | None
    admin_token: str
    app_dir: Path
    parent_pid: int | None
    grace_s: float


def identity(deployment: str, env: Env) -> Identity:
    """Read the pod's identity from its environment. Raises SettingError."""
    admin_port = _optional(env, "ADMIN_PORT", 0, 65535)
    if admin_port is not None and not env.get("ADMIN_TOKEN"):
        raise SettingError("ADMIN_TOKEN is missing: an admin port without a token would be open to everyone")
    return Identity(
        name=env.get("POD_NAME", deployment),
        deployment=deployment,
        ip=env.get("POD_IP", "127.0.0.1"),
        port=whole(env, "PORT", 8080, 1, 65535),
        service_ip=env.get("SERVICE_IP"),
        admin_port=admin_port,
        admin_token=env.get("ADMIN_TOKEN", ""),
        app_dir=Path(env.get("APP_DIR", ".")),
        parent_pid=_optional(env, "PARENT_PID", 1, 2**31),
        # A little less than the usual 5 s of a platform, so that the drain ends before the SIGKILL.
        grace_s=number(env, "GRACE_S", 4.5, 0.0, 600.0),
    )


def whole(env: Env, name: str, default: int, low: int, high: int) -> int:
    """Return variable `name` as an integer from `low` to `high`. Raises SettingError."""
    text = env.get(name, str(default))
    try:
        value = int(text)
    except ValueError:
        raise SettingError(f"{name} is {text!r}: it must be a whole number from {low} to {high}") from None
    return int(_within(name, value, low, high))


def number(env: Env, name: str, default: float, low: float, high: float) -> float:
    """Return variable `name` as a number from `low` to `high`. Raises SettingError."""
    text = env.get(name, str(default))
    try:
        value = float(text)
    except ValueError:
        raise SettingError(f"{name} is {text!r}: it must be a number from {low:g} to {high:g}") from None
    return _within(name, value, low, high)


def flag(env: Env, name: str, default: bool) -> bool:
    """Return variable `name`, `true` or `false` in any case. Raises SettingError."""
    text = env.get(name, str(default)).lower()
    if text not in ("true", "false"):
        raise SettingError(f"{name} is {text!r}: it must be true or false")
    return text == "true"


def _within(name: str, value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise SettingError(f"{name} is {value:g}: it must be from {low:g} to {high:g}")
    return value


def _optional(env: Env, name: str, low: int, high: int) -> int | None:
    return whole(env, name, low, low, high) if name in env else None
