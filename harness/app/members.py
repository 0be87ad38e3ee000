"""Members of the families by name, from the registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from harness.errors import BindingError, GamedayError, MachineError
from harness.registry import Family

if TYPE_CHECKING:  # names alone are needed for `--help`, and the contracts take a fifth of a second to import
    from harness.bindings import Bindings
    from harness.platforms.base import PlatformOptions, Provider
    from harness.postmortem.base import Paper
    from harness.postmortem.edits.base import EditKind
    from harness.report.base import ReportFormat
    from harness.responders.base import Responder

PlatformType: TypeAlias = "Callable[[PlatformOptions], Provider]"
ResponderType: TypeAlias = "Callable[[], Responder]"

PLATFORMS: Family[PlatformType] = Family("platforms")
RESPONDERS: Family[ResponderType] = Family("responders")
REPORTS: Family[ReportFormat] = Family("reports")
PAPERS: Family[Paper] = Family("papers")
EDITS: Family[EditKind] = Family("edits")

DEFAULT_PLATFORM = "local"


def platform_names() -> tuple[str, ...]:
    """The platforms that a run can choose from, sorted."""
    return PLATFORMS.names()


def format_names() -> tuple[str, ...]:
    """The report formats, sorted."""
    return REPORTS.names()


def make_provider(name: str, options: PlatformOptions) -> Provider:
    """The provider of a platform. Raises MachineError for an option that has no effect on this platform, BindingError
    for services that it cannot run."""
    provider = PLATFORMS.load(name)(options)
    if options.services and "services" not in provider.options:
        place, fix = next(iter(options.services.values())).place, "choose --platform local"
        raise BindingError(f"{place}: services: --platform {name} cannot run services of the bindings yet; {fix}")
    if options.manifests and "manifests" not in provider.options:
        place, fix = options.manifests.place, "choose --platform kind, or --platform kubernetes --context NAME"
        raise BindingError(f"{place}: manifests: --platform {name} cannot deploy Kubernetes manifests; {fix}")
    if options.compose and "compose" not in provider.options:
        fix = "choose --platform docker"
        raise BindingError(f"{options.compose.place}: compose: --platform {name} runs no compose project; {fix}")
    unused = [field for field, value in vars(options).items() if value is not None and field not in provider.options]
    if unused:
        flags = ", ".join("--" + field.replace("_", "-") for field in unused)
        fix = "remove it, or choose another --platform"
        raise MachineError(f"{flags} has no effect with --platform {name}; {fix}")
    return provider


def options_for(bindings: Bindings, options: PlatformOptions) -> PlatformOptions:
    """The options with what the bindings say of the platform: what runs in place of the shipped services."""
    return replace(
        options,
        services=bindings.services or None,
        compose=bindings.compose,
        manifests=bindings.manifests,
        one_namespace=True if bindings.manifests and bindings.control else None,
    )


def all_providers(notify: Callable[[str], None]) -> Iterator[Provider]:
    """A provider of each platform; one that cannot be loaded is skipped with a note: its package started nothing."""
    from harness.platforms.base import PlatformOptions  # noqa: PLC0415  see above

    for name in PLATFORMS.names():
        try:
            yield PLATFORMS.load(name)(PlatformOptions())
        except GamedayError as error:
            notify(str(error))


def file_formats() -> list[ReportFormat]:
    """The report formats that a run writes to a file; loads every format."""
    formats = [REPORTS.load(name) for name in REPORTS.names()]
    return [each for each in formats if each.file_name is not None]
