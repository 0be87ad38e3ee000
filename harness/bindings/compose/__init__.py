"""The key `compose` of a bindings file: the compose project (compose-spec.io) that is the platform."""

from harness.bindings.compose.model import ComposeProject, ComposeService
from harness.bindings.compose.reader import read_project
from harness.bindings.compose.shape import check_compose

__all__ = ["ComposeProject", "ComposeService", "check_compose", "read_project"]
