"""`gameday up`, `down` and `recover`: a platform to explore, and the end of whatever was left behind."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.cli.recovery import end_recorded
from harness.cli.report import RECORD
from harness.errors import PASSED, UNUSABLE, PlatformError
from harness.platforms.local.platform import LocalPlatform


def up(folder: Path, quiet: bool) -> int:
    """Leave a platform running in `folder`, or find the one that runs there, and say how to use it."""
    LocalPlatform.check_machine()
    platform = _running(folder)
    if platform is None:
        if not quiet:
            sys.stderr.write("gameday: bringing the platform up\n")
        platform = LocalPlatform(folder, detach=True)
        platform.clear()
        platform.up()
    shell = platform.shell()
    exports = [
        f"export CURL_HOME={shlex.quote(shell.env['CURL_HOME'])}",
        f"export PATH={shlex.quote(shell.path)}:$PATH",
    ]
    sys.stdout.write("\n".join(exports) + "\n" if quiet else _how_to_use(platform, folder, exports))
    return PASSED


def _running(folder: Path) -> LocalPlatform | None:
    try:
        return LocalPlatform.attach(folder)
    except PlatformError:
        return None


def _how_to_use(platform: LocalPlatform, folder: Path, exports: Sequence[str]) -> str:
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


def down(folder: Path) -> int:
    """End the platform in `folder`; exit 2 where there is none."""
    if not folder.is_dir():
        sys.stderr.write(f"gameday: {folder}: no platform was left here; `gameday up` starts one\n")
        return UNUSABLE
    LocalPlatform(folder, detach=True).down()
    sys.stderr.write(f"gameday: the platform in {folder} has ended\n")
    return PASSED


def recover(runs: Sequence[Path]) -> int:
    """End what killed runs left: by recorded process group and start time, never by name."""
    folders = list(runs) or [path for path in sorted(Path("runs").glob("*")) if path.is_dir()]
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
