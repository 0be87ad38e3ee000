"""Use case `lint`: files and folders to findings, in several processes where that pays."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TypeAlias

from harness.errors import DocumentError
from harness.lint.alerts import AlertRule, Alerts, folded, read_rules
from harness.lint.base import Finding, Rule
from harness.lint.configuration import Configuration, with_options
from harness.lint.document import Outside, parse
from harness.lint.engine import Settings, lint
from harness.lint.fixing import diff, fixed
from harness.lint.platform import Platform
from harness.lint.registry import all_rules, rule_of

ENDINGS = (".md", ".markdown", ".mdx")
_SKIPPED = {"node_modules", "vendor", "__pycache__", "site-packages", "venv"}
_PAYS_BYTES = 400_000
"""From this size of all documents on, starting processes takes less time than they save."""


@dataclass(frozen=True)
class LintRequest:
    """Files and folders to lint. Options extend what the settings file says; see `with_options`."""

    paths: tuple[Path, ...]
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    pedantic: bool = False
    config: Path | None = None
    """The settings file; None: `pyproject.toml` or `gameday.yaml` of the working directory."""
    rules: tuple[Path, ...] = ()
    """Prometheus rule files."""
    platform: str | None = None
    """The platform whose manifests the commands are compared with."""
    manifests: tuple[Path, ...] = ()
    context: str | None = None
    """A cluster to compare with; it is only read."""
    shellcheck: bool = False
    """Also run shellcheck on the shell blocks."""
    jobs: int | None = None
    """Processes; None: as many as pay."""


@dataclass(frozen=True)
class LintResult:
    """The findings by file and place, the number of files, and the rules that were used."""

    findings: tuple[Finding, ...]
    files: int
    rules: tuple[Rule, ...]


def run_lint(request: LintRequest, today: date) -> LintResult:
    """Lint files and folders. Raises GamedayError with every file that cannot be linted."""
    configuration = _configuration(request)
    files = _files(request.paths, configuration.exclude)
    _refuse_unusable(files, configuration.max_kib)
    rule_files = request.rules or tuple(Path(name) for name in configuration.rules)
    alerts = _alerts(rule_files, files) if rule_files else None
    others = _shellchecked(files) if request.shellcheck else None
    found = _lint_all(files, _Work(configuration.settings, today, alerts, _platform(request), others), request.jobs)
    found += _lint_rule_files(rule_files, configuration.settings, today, alerts) if alerts else []
    return LintResult(tuple(sorted(found, key=_by_place)), len(files) + len(rule_files), all_rules())


def _by_place(finding: Finding) -> tuple[str, int, int, str]:
    return finding.path, finding.place.line, finding.place.column, finding.rule


def _shellchecked(files: Sequence[Path]) -> Mapping[str, Sequence[Finding]]:
    """What shellcheck finds, by path."""
    from harness.app.lint_shellcheck import shellcheck_findings  # noqa: PLC0415  an option

    found: dict[str, list[Finding]] = {}
    for finding in shellcheck_findings([parse(_text(path), str(path)) for path in files]):
        found.setdefault(finding.path, []).append(finding)
    return found


def lint_text(text: str, path: str) -> tuple[Finding, ...]:
    """The findings of a text that an editor holds, by the settings of the working directory."""
    configuration = _configuration(LintRequest(()))
    rules = [rule for rule in all_rules() if not rule.about_alerts]
    outside = Outside(lambda target: (Path(path).parent / target).exists())
    return lint(parse(text, path, outside), rules, configuration.settings, datetime.now().astimezone().date())


def corrections(result: LintResult) -> str:
    """The safe changes of a result as a diff; "" where there is none."""
    return "".join(diff(path, before, after) for path, before, after in _corrected(result))


def correct(result: LintResult) -> int:
    """Make the safe changes in the files, and return how many findings they correct."""
    from harness.app.writing import write_whole  # noqa: PLC0415  only --fix writes

    for path, _, after in _corrected(result):
        write_whole(after, Path(path))
    return sum(bool(finding.edits) for finding in result.findings)


def _corrected(result: LintResult) -> Iterator[tuple[str, str, str]]:
    """Path, text and corrected text of each file with safe changes."""
    for path in dict.fromkeys(finding.path for finding in result.findings if finding.edits):
        before = Path(path).read_bytes().decode()
        yield path, before, fixed(before, (finding for finding in result.findings if finding.path == path))


def find_rule(code: str) -> Rule:
    """The rule with a code or name. Raises UnknownRuleError."""
    return rule_of(code)


def _configuration(request: LintRequest) -> Configuration:
    from harness.app.lint_settings import load  # noqa: PLC0415  most working directories have none

    found = load(request.config)
    return with_options(found, request.select, request.ignore, pedantic=request.pedantic)


def _platform(request: LintRequest) -> Platform | None:
    if not (request.platform or request.manifests or request.context):
        return None
    from harness.app import lint_platform  # noqa: PLC0415  YAML is slow to import

    if request.manifests:
        return lint_platform.of_files(request.manifests)
    return (
        lint_platform.of_context(request.context)
        if request.context
        else lint_platform.of_platform(request.platform or "")
    )


# -- files -------------------------------------------------------------------------------------------------------------


def _files(paths: Sequence[Path], exclude: Sequence[str]) -> list[Path]:
    """The documents, each once, in order. Raises DocumentError for paths that do not exist."""
    missing = [f"{path}: there is no such file or folder. Check the path." for path in paths if not path.exists()]
    if missing:
        raise DocumentError("\n".join(missing))
    found: dict[Path, None] = {}
    for path in paths:
        found |= dict.fromkeys(_below(path) if path.is_dir() else [path])
    kept = [path for path in found if not _is_excluded(path, exclude)]
    if not kept:
        named = ", ".join(str(path) for path in paths)
        raise DocumentError(f"{named}: there is no Markdown file to lint. Name files, or a folder that has some.")
    return kept


def _below(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
        yield from (Path(root, name) for name in sorted(names) if name.lower().endswith(ENDINGS))


def _is_excluded(path: Path, exclude: Sequence[str]) -> bool:
    return any(fnmatch.fnmatch(path.as_posix(), pattern) for pattern in exclude)


def _refuse_unusable(files: Sequence[Path], max_kib: int) -> None:
    problems = []
    for path in files:
        try:
            size = path.stat().st_size
        except OSError as error:
            problems.append(f"{path}: cannot be read: {error.strerror}")
            continue
        if size > max_kib * 1024:
            limit = f"the limit of {max_kib} KiB"
            problems.append(
                f"{path}: {size // 1024} KiB is larger than {limit}. Split the document, or raise `max-kib` in the "
                f"settings."
            )
    if problems:
        raise DocumentError("\n".join(problems))


def _text(path: Path) -> str:
    """The text of a document. Raises DocumentError where it is no UTF-8 text."""
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        fact = f"byte {error.start} is 0x{error.object[error.start]:02x}"
        raise DocumentError(f"{path}: the document is not UTF-8 text ({fact}). Save it as UTF-8 Markdown.") from error
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read: {error.strerror}. Make it readable.") from error
    if "\0" in text:
        raise DocumentError(f"{path}: the document is binary (it has NUL bytes). Name a Markdown text file.")
    return text


# -- rules over files --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Work:
    """What a process needs with the files."""

    settings: Settings
    today: date
    alerts: Alerts | None = None
    platform: Platform | None = None
    others: Mapping[str, Sequence[Finding]] | None = None
    """The findings of shellcheck by path; None where it does not run."""


def _lint_all(files: Sequence[Path], work: _Work, jobs: int | None) -> list[Finding]:
    """The findings of all files; raises DocumentError with every file that is no text."""
    total = sum(path.stat().st_size for path in files)
    processes = jobs or (min(os.cpu_count() or 1, 8, len(files)) if total > _PAYS_BYTES else 1)
    results = _in_processes(files, work, processes) if processes > 1 else _lint_part((files, work))
    problems = [result for result in results if isinstance(result, str)]
    if problems:
        raise DocumentError("\n".join(problems))
    return [finding for result in results if not isinstance(result, str) for finding in result]


def _in_processes(files: Sequence[Path], work: _Work, processes: int) -> list[_Outcome]:
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415  one file needs none

    all_rules()  # once, for all processes
    parts = [list(files[number :: processes * 4]) for number in range(processes * 4)]
    parts = [part for part in parts if part]
    by_path: dict[Path, _Outcome] = {}
    with ProcessPoolExecutor(processes) as pool:
        for part, results in zip(parts, pool.map(_lint_part, [(part, work) for part in parts]), strict=True):
            by_path |= dict(zip(part, results, strict=True))
    return [by_path[path] for path in files]


def _lint_part(part: tuple[Sequence[Path], _Work]) -> list[_Outcome]:
    files, work = part
    rules = [rule for rule in all_rules() if not rule.about_alerts]
    return [_lint_one(path, rules, work) for path in files]


_Outcome: TypeAlias = "tuple[Finding, ...] | str"
"""The findings of a file, or the problem that it cannot be read."""


def _lint_one(path: Path, rules: Sequence[Rule], work: _Work) -> _Outcome:
    try:
        text = _text(path)
    except DocumentError as error:
        return str(error)
    outside = Outside(lambda target: (path.parent / target).exists(), work.alerts, work.platform)
    others = None if work.others is None else work.others.get(str(path), ())
    return lint(parse(text, str(path), outside), rules, work.settings, work.today, others)


# -- Prometheus rules --------------------------------------------------------------------------------------------------


def _alerts(rule_files: Sequence[Path], documents: Sequence[Path]) -> Alerts:
    """The alerting rules of the files. Raises DocumentError and the errors of YAML for files that cannot be read."""
    rules: list[AlertRule] = []
    metrics: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    for path in rule_files:
        own, used, named = read_rules(_text(path), str(path))
        rules += own
        metrics |= used
        labels |= named
    names = {folded(path.name) for path in documents}
    for path in documents:
        names |= {folded(heading.text) for heading in parse(_text(path)).headings}
    return Alerts(tuple(rules), metrics, labels, frozenset(names))


def _lint_rule_files(files: Sequence[Path], settings: Settings, today: date, alerts: Alerts) -> list[Finding]:
    found: list[Finding] = []
    rules = [rule for rule in all_rules() if rule.about_alerts]
    for path in files:
        text = _text(path)
        own = replace(alerts, own=read_rules(text, str(path))[0])
        found += lint(parse(text, str(path), Outside(alerts=own)), rules, settings, today)
    return found
