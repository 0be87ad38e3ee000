"""The user's Kubernetes manifests: read from files, checked for what two namespaces of one cluster can have.

The forms are documented in docs/reference/bindings.md.
"""

from harness.manifests.model import Asked, Declared, Manifests
from harness.manifests.reader import read_manifests
from harness.manifests.schema import check_manifests

__all__ = ["Asked", "Declared", "Manifests", "check_manifests", "read_manifests"]
