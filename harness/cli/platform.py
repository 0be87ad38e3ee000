"""`gameday up`, `down` and `recover`: a platform to explore, and the end of whatever was left behind."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.cli.recovery import end_recorded
from harness.cli.report import RECORD
from harness.errors import PASSED, UNUSABLE
from harness.platforms.local.platform import LocalPlatform


def up(folder: Path, quiet: bool) -> int:
    """Leave a platform running in `folder`, and say how to use it."""
    LocalPlatform.check_machine()
    platform = LocalPlatform(folder, detach=True)
    if not quiet:
        sys.stderr.write("gameday: bringing the platform up\n")
    platform.up()
    shell = platform.shell()
    exports = [f"export {name}={shlex.quote(value)}" for name, value in shell.env.items() if name == "CURL_HOME"]
    exports.append(f"export PATH={shlex.quote(shell.path)}:$PATH")
    if quiet:
        sys.stdout.write("\n".join(exports) + "\n")
        return PASSED
    sys.stdout.write(platform.kubectl("get", "pods", "-n", platform.namespace).stdout)
    sys.stdout.write("\nTo use it from this shell (kubectl, and curl with the services' names):\n")
    sys.stdout.write("".join(f"  {line}\n" for line in exports))
    sys.stdout.write(f"  kubectl get pods -n {platform.namespace}\n  curl http://api-gateway:8080/health\n")
    sys.stdout.write(f"To end it: gameday down{'' if folder == Path('runs/platform') else f' --dir {folder}'}\n")
    return PASSED


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
