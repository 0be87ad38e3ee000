"""`gameday up`, `down` and `recover`: a platform to explore, and the end of whatever was left behind."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.cli.platforms import announce, chosen, forget_kind, kind_in, note_kind
from harness.cli.recovery import end_recorded
from harness.cli.report import RECORD
from harness.errors import PASSED, UNUSABLE, MachineError
from harness.platforms.base import Platform, Provider


def up(options: argparse.Namespace) -> int:
    """Leave a platform running in a folder, or find the one that runs there, and say how to use it."""
    folder, quiet = options.dir, options.quiet
    maker = _maker_of(options)
    maker.check()
    note_kind(folder, maker)
    platform = maker.start_detached(folder, lambda line: None if quiet else announce(line))
    shell = platform.shell()
    exports = [
        *(f"export {name}={shlex.quote(shell.env[name])}" for name in ("CURL_HOME", "KUBECONFIG") if name in shell.env),
        f"export PATH={shlex.quote(shell.path)}:$PATH",
    ]
    sys.stdout.write("\n".join(exports) + "\n" if quiet else _how_to_use(platform, folder, exports))
    return PASSED


def _maker_of(options: argparse.Namespace) -> Provider:
    """That of the platform in the folder; raises MachineError when another kind is asked for."""
    there = kind_in(options.dir)
    maker = chosen(options, there)
    if there is not None and there != maker.name:
        down = f"gameday down --dir {options.dir}"
        raise MachineError(f"{options.dir} holds a platform of kind {there}; end it by `{down}`, or name another --dir")
    return maker


def _how_to_use(platform: Platform, folder: Path, exports: Sequence[str]) -> str:
    lines = [
        platform.kubectl("get", "pods", "-n", platform.namespace).stdout,
        "To use it from this shell (kubectl, and curl with the services' names):",
        *(f"  {line}" for line in exports),
        f"  kubectl get pods -n {platform.namespace}",
        "  curl http://api-gateway:8080/health",
        "To drive load on it, with locust's web UI at http://localhost:8089:",
        f"  locust -f scenarios/timeout.py --host {platform.url('api-gateway')}",
        f"  locust -f scenarios/ws_overload.py --host {platform.url('realtime')}",
        f"To end it: gameday down{'' if folder == Path('runs/platform') else f' --dir {folder}'}",
    ]
    return "\n".join(lines) + "\n"


def down(options: argparse.Namespace) -> int:
    """End the platform in a folder; exit 2 where there is none."""
    folder = options.dir
    if not folder.is_dir():
        sys.stderr.write(f"gameday: {folder}: no platform was left here; `gameday up` starts one\n")
        return UNUSABLE
    _maker_of(options).destroy(folder)
    forget_kind(folder)
    announce(f"the platform in {folder} has ended")
    return PASSED


def recover(options: argparse.Namespace) -> int:
    """End what killed runs left: by recorded group and start time, never by name; in a cluster by its own journal."""
    if options.context:
        return _recover_cluster(options.context)
    folders = list(options.run) or [path for path in sorted(Path("runs").glob("*")) if path.is_dir()]
    missing = [str(path) for path in folders if not path.is_dir()]
    if missing:
        sys.stderr.write(f"gameday: {', '.join(missing)}: no such run directory; `ls runs` shows them\n")
        return UNUSABLE
    for folder in folders:
        ended = end_recorded(folder)
        if ended:
            sys.stdout.write(f"{folder}: ended {len(ended)}: {', '.join(ended)}\n")
        elif (folder / RECORD).exists():
            sys.stdout.write(f"{folder}: nothing was left\n")
    return PASSED


def _recover_cluster(context: str) -> int:
    maker = chosen(argparse.Namespace(platform="kubernetes", context=context))
    maker.check()
    ended = maker.recover(Path())
    said = f"taken back: {'; '.join(ended)}" if ended else "nothing was left"
    sys.stdout.write(f"{context}: {said}\n")
    return PASSED
