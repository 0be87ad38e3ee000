#!/usr/bin/env bash
# One would guess: a call that ends with an exception of `exclude` is no evidence about the service, so the breaker ignores it, and
# failures before and after it add up.
# What happens: it counts as a success. It resets the counter of failures, so a breaker with fail_max=2 stays closed however many
# failures there are, as long as an excluded exception stands between any two; and it closes a half-open breaker.
# Version: pybreaker 1.4.1. Source: pybreaker/__init__.py, `CircuitBreakerState._handle_error`, which calls `_handle_success`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pybreaker==1.4.1
"$folder/venv/bin/python" - <<'PYTHON'
import pybreaker


def call(breaker: pybreaker.CircuitBreaker, error: type[Exception]) -> None:
    def fail() -> None:
        raise error

    try:
        breaker.call(fail)
    except (error, pybreaker.CircuitBreakerError):
        pass


breaker = pybreaker.CircuitBreaker(fail_max=2, exclude=[KeyError])
counts = []
for error in (ValueError, KeyError, ValueError):
    call(breaker, error)
    counts.append(breaker.fail_counter)
print(f"pybreaker 1.4.1, fail_max=2, a failure, an excluded exception, a failure: counters {counts}, {breaker.current_state}")
assert counts == [1, 0, 1]
assert breaker.current_state == "closed"

breaker = pybreaker.CircuitBreaker(fail_max=1, reset_timeout=0, exclude=[KeyError])
call(breaker, ValueError)
opened = breaker.current_state
call(breaker, KeyError)
print(f"{opened}; after its trial call ended with an excluded exception: {breaker.current_state}")
assert (opened, breaker.current_state) == ("open", "closed")
PYTHON
