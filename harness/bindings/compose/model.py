"""A compose project as the bindings know it: its file, and the names of its services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class ComposeService:
    """A service of a compose project, with what gameday.yaml adds to it; it is a Deployment of the platform."""

    name: str
    source: str
    """What its containers run: `image redis:7` or `built from ./web`."""
    port: int | None = None
    """The port that gameday.yaml names; None: the one that the compose file or the image names."""
    listens: bool = True
    """False: gameday.yaml says that it has no port, whatever its image names."""
    metrics: str | None = None
    """The path of its Prometheus text; None: it has none."""
    programs: tuple[str, ...] = ()
    """What `kubectl exec` in its pods may run, in addition to what every pod has."""
    needs: tuple[str, ...] = ()
    """The services that must have a ready pod before it starts: its `depends_on`."""
    place: str = field(default="", compare=False)
    """File, line and column in the compose file."""
    places: Mapping[str, str] = field(default_factory=dict, compare=False)
    """File, line and column of each key in the compose file."""

    def at(self, key: str) -> str:
        """`compose.yaml:4:5: services.NAME.KEY`, for an error about one key."""
        return f"{self.places.get(key, self.place)}: services.{self.name}.{key}"


@dataclass(frozen=True)
class ComposeProject:
    """A compose file that can be run as a platform, as far as its keys show."""

    file: Path
    """Absolute."""
    services: Mapping[str, ComposeService]
    ignored: tuple[str, ...] = ()
    """Each key that has no effect here, with its place and the reason."""
    place: str = field(default="", compare=False)
    """File, line and column in gameday.yaml."""
