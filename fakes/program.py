"""The programs of the image: the services, and the proxy of a Service."""

from __future__ import annotations

from fakes import pod, proxy
from fakes.settings import Env

NAMES = (*pod.MODULES, proxy.NAME)


def main(name: str, env: Env) -> int:
    """Run a program until SIGTERM; return the exit status of `fakes.process.run`."""
    return proxy.main(env) if name == proxy.NAME else pod.main(name, env)
