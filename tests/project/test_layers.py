"""The layers: imports only point down (the contracts in pyproject.toml)."""

import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT


def lint_imports(config: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command; lint_imports_command()",
        "--no-cache",
        "--config",
        str(config),
    ]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_import_contracts_are_kept() -> None:
    result = lint_imports(ROOT / "pyproject.toml")
    assert result.returncode == 0, result.stdout
    assert "0 broken" in result.stdout


def test_swapped_layers_break_the_contract(tmp_path: Path) -> None:
    """With `harness.errors` above `harness.cli` the check must fail."""
    text = (ROOT / "pyproject.toml").read_text()
    upside_down = (
        text.replace('"harness.cli",', '"harness.swap",')
        .replace('"harness.errors",', '"harness.cli",')
        .replace('"harness.swap",', '"harness.errors",')
    )
    config = tmp_path / "pyproject.toml"
    config.write_text(upside_down)
    result = lint_imports(config)
    assert result.returncode != 0
    assert "Layers: imports only point down BROKEN" in result.stdout
