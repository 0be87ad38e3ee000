"""The settings of the linter in `pyproject.toml` (`[tool.gameday.lint]`) and in `gameday.yaml` (`lint:`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.errors import GamedayError
from harness.lint.base import Severity
from harness.lint.engine import Settings

KEYS = ("select", "ignore", "pedantic", "severity", "exclude", "rules", "max-kib")


class ConfigurationError(GamedayError):
    """A settings file of the linter is invalid."""


@dataclass(frozen=True)
class Configuration:
    """The settings with what concerns files: which are left out, how large one may be, the Prometheus rule files."""

    settings: Settings = field(default_factory=Settings)
    exclude: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    max_kib: int = 2048


def read(found: Mapping[str, object], where: str, known: Callable[[str], bool]) -> Configuration:
    """Read the settings of a file. `known` decides whether a code is that of a rule or a group.

    Raises ConfigurationError with every problem.
    """
    problems = [
        f"{where}: `{key}` is no setting of the linter; known are {', '.join(KEYS)}" for key in found if key not in KEYS
    ]
    reader = _Reader(found, where, known, problems)
    settings = Settings(
        reader.codes("select"), reader.codes("ignore"), reader.flag("pedantic"), reader.severities("severity")
    )
    made = Configuration(settings, reader.texts("exclude"), reader.texts("rules"), reader.size("max-kib", 2048))
    if problems:
        raise ConfigurationError("\n".join(problems))
    return made


@dataclass
class _Reader:
    found: Mapping[str, object]
    where: str
    known: Callable[[str], bool]
    problems: list[str]

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.found.get(key, ())
        if isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(each, str) for each in value):
            return tuple(str(each) for each in value)
        self._wrong(key, "a list of texts", value)
        return ()

    def codes(self, key: str) -> tuple[str, ...]:
        found = self.texts(key)
        self.problems += [f"{self.where}: {key}: there is no rule `{code}`" for code in found if not self.known(code)]
        return found

    def flag(self, key: str) -> bool:
        value = self.found.get(key, False)
        if not isinstance(value, bool):
            self._wrong(key, "true or false", value)
        return value is True

    def size(self, key: str, default: int) -> int:
        value = self.found.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
        self._wrong(key, "a whole number of at least 1", value)
        return default

    def severities(self, key: str) -> dict[str, Severity]:
        value = self.found.get(key, {})
        if not isinstance(value, Mapping):
            self._wrong(key, "a table of rules and severities", value)
            return {}
        made: dict[str, Severity] = {}
        for code, severity in value.items():
            if severity not in tuple(Severity) or not self.known(str(code)):
                self._wrong(f"{key}.{code}", "the code of a rule with error, warning or note", severity)
            else:
                made[str(code)] = Severity(severity)
        return made

    def _wrong(self, key: str, expected: str, value: object) -> None:
        self.problems.append(f"{self.where}: {key}: expected {expected}, got `{value}`")


def with_options(
    found: Configuration, select: Sequence[str], ignore: Sequence[str], *, pedantic: bool
) -> Configuration:
    """The settings with those of the command line: `select` replaces, `ignore` and `pedantic` add."""
    own = found.settings
    settings = replace(
        own, select=tuple(select) or own.select, ignore=(*own.ignore, *ignore), pedantic=own.pedantic or pedantic
    )
    return replace(found, settings=settings)
