#!/usr/bin/env bash
# One would guess: the p-value of a change point is that of a t-test, as scipy's ttest_ind gives it for the same two parts.
# What happens: it is smaller. Otava passes numpy's std, which divides by n, to ttest_ind_from_stats, which wants the one that divides
# by n - 1. With four runs on each side the p-value is half of what it should be, so short histories have too many change points.
# Version: apache-otava 0.8.0. Source: otava/analysis.py, `TTestSignificanceTester.compare`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check apache-otava==0.8.0
"$folder/venv/bin/python" - <<'PYTHON'
from otava.analysis import TTestSignificanceTester
from scipy.stats import ttest_ind

before, after = [1.0, 2.0, 3.0, 2.0], [3.0, 4.0, 5.0, 4.5]
otava, scipy = float(TTestSignificanceTester(0.001).compare(before, after).pvalue), float(ttest_ind(before, after).pvalue)
print(f"the same two parts of four values: p = {otava:.4f} by Otava, {scipy:.4f} by scipy")
assert otava < 0.6 * scipy
PYTHON
