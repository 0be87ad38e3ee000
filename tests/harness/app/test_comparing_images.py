"""`gameday compare image:A image:B` on a real Docker engine."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.docker import ready_provider
from tests.support.gameday import gameday
from tests.support.paths import BINDINGS

pytestmark = pytest.mark.slow
SLOWER = "gameday-test-slower:1"
SLOW_SLEEP = """import asyncio
sleep = asyncio.sleep
async def longer(delay, result=None):
    return await sleep(1.5 * delay, result)
asyncio.sleep = longer
"""
"""A sitecustomize.py: the work of inference is a sleep, and takes half as long again."""


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The image of the services, and one in which inference is slower."""
    folder = tmp_path_factory.mktemp("image")
    with ready_provider(folder) as provider:
        built = provider.create(folder, "treatment", {}).arguments()[1]
        (folder / "sitecustomize.py").write_text(SLOW_SLEEP)
        (folder / "Dockerfile").write_text(f"FROM {built}\nCOPY sitecustomize.py /opt/fakes/code/\n")
        subprocess.run(["docker", "build", "--quiet", "--tag", SLOWER, folder], check=True, capture_output=True)
        yield built, SLOWER
        subprocess.run(["docker", "image", "rm", SLOWER], check=True, capture_output=True)


def test_slower_image_has_regressed_and_an_equal_one_has_not(images: tuple[str, str], tmp_path: Path) -> None:
    base, slower = images
    found = {name: _compare(base, other, tmp_path / name) for name, other in (("same", base), ("slower", slower))}
    assert {name: data["outcome"] for name, data in found.items()} == {"same": "not worse", "slower": "regressed"}
    assert found["slower"]["candidate"]["name"] == f"image:{SLOWER}"


def _compare(base: str, candidate: str, place: Path) -> dict[str, Any]:
    place.mkdir()
    options = [
        "--bindings",
        str(BINDINGS),
        "--quantiles",
        "50",
        "--margin",
        "20%",
        "--budget",
        "2m",
        "--format",
        "json",
    ]
    done = gameday("compare", f"image:{base}", f"image:{candidate}", *options, cwd=place, timeout_s=400)
    data: dict[str, Any] = json.loads(done.stdout)
    return data


def test_image_that_the_engine_lacks_is_named(images: tuple[str, str], tmp_path: Path) -> None:
    done = gameday("compare", f"image:{images[0]}", "image:no-such-image:1", cwd=tmp_path)
    assert done.returncode == 2
    assert "docker: there is no image no-such-image:1: " in done.stderr
    assert "`docker pull no-such-image:1`" in done.stderr
    assert list(tmp_path.iterdir()) == []
