"""What several faults do with the platform's own kubectl."""

from __future__ import annotations

from harness.errors import PlatformError
from harness.faults.base import Target


def kubectl(target: Target, fault: str, *argv: str, timeout_s: float = 30.0) -> str:
    """Run kubectl in the platform's namespace; return its stdout. Raises PlatformError that names `fault`."""
    done = target.platform.kubectl(*argv, "-n", target.platform.namespace, timeout_s=timeout_s)
    if done.status:
        raise PlatformError(f"fault `{fault}`: kubectl {' '.join(argv)}: {done.stderr.strip() or done.status}")
    return done.stdout


def pods_of(target: Target, deployment: str) -> tuple[str, ...]:
    """Names of the Deployment's running pods; none if it does not exist."""
    state = target.platform.state()
    return state[deployment].pods if deployment in state else ()


def running_pods(target: Target, fault: str, deployment: str) -> tuple[str, ...]:
    """Names of the Deployment's running pods. Raises PlatformError when there are none."""
    pods = pods_of(target, deployment)
    if not pods:
        raise PlatformError(f"fault `{fault}`: {deployment} has no running pod; check `at` in the bindings")
    return pods
