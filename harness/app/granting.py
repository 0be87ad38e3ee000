"""Use case `rbac`: what an administrator of a cluster creates, so that an ordinary account can drill the manifests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness import bindings
from harness.errors import BindingError
from harness.machine.objects import Obj
from harness.platforms.kubernetes import rbac as kubernetes_rbac


@dataclass(frozen=True)
class RbacRequest:
    """The bindings with the manifests, and the accounts that are to run gameday."""

    bindings: Path | None = None
    """None: gameday.yaml in the working directory."""
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    service_accounts: tuple[tuple[str, str], ...] = ()
    """Namespace and name of each."""


def rbac(request: RbacRequest) -> list[Obj]:
    """The Kubernetes objects to create. Raises BindingError without manifests."""
    bound = bindings.load(bindings.find(Path(), request.bindings, or_shipped=False))
    if bound.manifests is None:
        fix = "for the shipped services gameday needs an administrator's account"
        raise BindingError(f"{bound.path}: there are no `manifests` whose services an account could drill; {fix}")
    subjects = [
        *map(kubernetes_rbac.user, request.users),
        *map(kubernetes_rbac.group, request.groups),
        *(kubernetes_rbac.service_account(name, namespace) for namespace, name in request.service_accounts),
    ]
    return kubernetes_rbac.access(bound.manifests, subjects, one_namespace=bound.control is not None)
