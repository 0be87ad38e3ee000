"""The build contexts of the images."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from harness import shipped
from harness.platforms import build_context


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    """A Dockerfile and a package, as a checkout has them."""
    (tmp_path / "Dockerfile").write_text("FROM x\n")
    (tmp_path / "fakes" / "faults").mkdir(parents=True)
    (tmp_path / "fakes" / "a.py").write_text("a = 1\n")
    (tmp_path / "fakes" / "faults" / "b.py").write_text("b = 1\n")
    return {"Dockerfile": tmp_path / "Dockerfile", "fakes": tmp_path / "fakes"}


def names(context: bytes) -> list[str]:
    """The names in an archive, in its order."""
    with tarfile.open(fileobj=io.BytesIO(context)) as archive:
        return archive.getnames()


def test_pack_holds_each_file_under_its_name_in_the_archive(sources: dict[str, Path]) -> None:
    context = build_context.pack(sources)
    assert names(context) == ["Dockerfile", "fakes/a.py", "fakes/faults/b.py"]
    with tarfile.open(fileobj=io.BytesIO(context)) as archive:
        entry = archive.getmember("fakes/a.py")
        content = archive.extractfile(entry)
        assert content is not None
        assert content.read() == b"a = 1\n"
        assert (entry.mode, entry.uid, entry.mtime) == (0o644, 0, 0)


def test_pack_ignores_caches_modes_and_times(sources: dict[str, Path]) -> None:
    before = build_context.pack(sources)
    cache = sources["fakes"] / "__pycache__"
    cache.mkdir()
    (cache / "a.pyc").write_bytes(b"x")
    (sources["fakes"] / "a.py").chmod(0o600)
    os.utime(sources["fakes"] / "a.py", (1, 1))
    assert build_context.pack(sources) == before


def test_pack_changes_with_the_content(sources: dict[str, Path]) -> None:
    before = build_context.pack(sources)
    (sources["fakes"] / "a.py").write_text("a = 2\n")
    assert build_context.pack(sources) != before


@pytest.mark.parametrize(
    ("context", "folder"),
    [(build_context.services, "fakes"), (build_context.load, "scenarios")],
    ids=["services", "load"],
)
def test_context_of_a_package_holds_the_dockerfile_and_all_its_sources(context: object, folder: str) -> None:
    assert callable(context)
    found = names(context())
    package = shipped.package(folder)
    assert "Dockerfile" in found
    assert f"{folder}/requirements.txt" in found
    assert {f"{folder}/{path.relative_to(package)}" for path in package.rglob("*.py")} <= set(found)
    assert all(name == "Dockerfile" or name.startswith(f"{folder}/") for name in found)


def test_context_of_the_database_is_its_folder() -> None:
    assert names(build_context.database()) == ["Dockerfile", "entrypoint.sh"]
