"""The build contexts of the images as tar archives: a Dockerfile at the root and the files that it copies.

Equal files make equal archives, in a checkout and in an installed wheel, so that a digest can name an image.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness import shipped


def services() -> bytes:
    """Return the context of the image that every pod and every Service's proxy runs."""
    return pack({"Dockerfile": shipped.path("Dockerfile"), "fakes": shipped.package("fakes")})


def database() -> bytes:
    """Return the context of our PostgreSQL image."""
    return pack({"": shipped.path("deploy/postgres")})


def load() -> bytes:
    """Return the context of the image of `--load-in-cluster`."""
    return pack({"Dockerfile": shipped.path("deploy/load/Dockerfile"), "scenarios": shipped.package("scenarios")})


def pack(sources: Mapping[str, Path]) -> bytes:
    """Return a tar archive of files and folders, each under its name in the archive; compiled Python is left out.

    Owner, mode and time of the files on disk have no influence: an archive from a read-only installation has the same
    bytes, and the user of the image can read every file.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, path in sorted(_files(sources)):
            entry = tarfile.TarInfo(name)
            entry.size = path.stat().st_size
            archive.addfile(entry, io.BytesIO(path.read_bytes()))
    return buffer.getvalue()


def _files(sources: Mapping[str, Path]) -> Iterator[tuple[str, Path]]:
    for name, source in sources.items():
        for path in source.rglob("*") if source.is_dir() else [source]:
            if path.is_file() and "__pycache__" not in path.parts:
                yield (Path(name) / path.relative_to(source)).as_posix(), path
