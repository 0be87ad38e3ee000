"""The curl configuration of a session: HTTP only, and the response headers are kept."""

from __future__ import annotations

from pathlib import Path


class CurlHome:
    """A CURL_HOME: the platform's own configuration plus the session's lines."""

    def __init__(self, folder: Path, platform_home: str | None) -> None:
        """`platform_home` is the platform's CURL_HOME, None if it has none."""
        self.folder, self._platform_home = folder, platform_home
        self._headers = folder / "curl.headers"

    def prepare(self) -> None:
        """Write the configuration for the next command; the platform may have changed its own since the last."""
        self._headers.unlink(missing_ok=True)
        own = f'proto = "=http,https"\nproto-redir = "=http,https"\ndump-header = "{self._headers}"\n'
        (self.folder / ".curlrc").write_text(f"{self._platform_lines()}\n{own}")

    def _platform_lines(self) -> str:
        file = Path(self._platform_home or "") / ".curlrc"
        return file.read_text().rstrip() if self._platform_home is not None and file.is_file() else ""

    def status_lines(self) -> tuple[str, ...]:
        """Return the status lines of the responses since `prepare`: `HTTP/1.1 200 OK`."""
        lines = self._headers.read_text(errors="replace").splitlines() if self._headers.is_file() else []
        return tuple(line.strip() for line in lines if line.startswith("HTTP/"))
