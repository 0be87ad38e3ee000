"""The benchmark of recorded histories: it reads the files of github-action-benchmark, and finds planted changes."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import pytest

from benchmarks.regress_error import BASELINE_RUNS
from benchmarks.regress_histories import FileError, alarms_of, main, series_of


def history(file: Path, **series: tuple[str, list[float]]) -> Path:
    """A data.js with these series: by name, unit and values."""
    length = max(len(values) for _, values in series.values())
    points = [
        {"benches": [{"name": name, "unit": unit, "value": v[at]} for name, (unit, v) in series.items() if at < len(v)]}
        for at in range(length)
    ]
    file.write_text("window.BENCHMARK_DATA = " + json.dumps({"entries": {"suite": points}}), encoding="utf-8")
    return file


def noise(count: int, seed: int = 1) -> list[float]:
    rng = random.Random(seed)
    return [100 * math.exp(rng.gauss(0, 0.05)) for _ in range(count)]


def test_times_are_read_speeds_are_turned_and_other_units_and_short_series_left_out(tmp_path: Path) -> None:
    values = noise(40)
    file = history(
        tmp_path / "data.js", time=("ns/iter", values), rate=("MB/s", values), size=("bytes", values),
        short=("ms", values[:39]),
    )  # fmt: skip
    assert series_of(file) == [values, [1 / value for value in values]]


def test_points_of_a_jump_alarm_until_the_baseline_has_it_and_a_single_slow_point_is_not_confirmed() -> None:
    values = [*noise(60), 118.0, 95.0, *noise(29, seed=2), *(1.5 * value for value in noise(4, seed=3))]
    alarms = list(alarms_of(values))
    assert len(alarms) == len(values) - BASELINE_RUNS
    outlier, jump = alarms[60 - BASELINE_RUNS], alarms[91 - BASELINE_RUNS]
    assert outlier == (False, True, True)
    assert jump == (True, True, True)


@pytest.mark.parametrize("text", ["", "window.BENCHMARK_DATA = {", 'window.BENCHMARK_DATA = {"entries": {"a": [1]}}'])
def test_another_file_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "other.js"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(FileError, match=r"other\.js: no data\.js of github-action-benchmark"):
        series_of(file)


def test_command_judges_the_share_of_all_points(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steady = history(tmp_path / "steady.js", one=("ms", noise(200)))
    jumps = [value * 1.5 ** (at // 25) for at, value in enumerate(noise(200))]
    changing = history(tmp_path / "changing.js", one=("ms", jumps))
    assert main([str(steady)]) == 0
    assert "✓ alarms on at most 2.5% of the points" in capsys.readouterr().out
    assert main([str(changing)]) == 1
    assert "✗ alarms" in capsys.readouterr().out
    assert main([str(history(tmp_path / "short.js", one=("ms", noise(10))))]) == 2
    assert "no series of times has 40 points" in capsys.readouterr().err
