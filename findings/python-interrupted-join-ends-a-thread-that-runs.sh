#!/usr/bin/env bash
# One would guess: a `Thread.join(timeout)` that Ctrl-C interrupts leaves the thread as it is, so that a loop `while thread.is_alive():
# thread.join(0.1)` with a handler for KeyboardInterrupt waits until the thread has ended.
# What happens: `is_alive()` is False from then on, and every further join returns at once, although the thread still runs. What waits for a
# result of the thread goes on without it. An Event that the thread sets at its end does not have this.
# Version: CPython 3.11.7 (closed as github.com/python/cpython/issues/90882 for later versions). Source: Lib/threading.py,
# `_wait_for_tstate_lock`, which in its `except` takes a lock that is held by the thread for one that it has acquired.
set -euo pipefail
python3 - <<'PYTHON'
import os
import signal
import sys
import threading
import time

worker = threading.Thread(target=time.sleep, args=(3,), daemon=True)
worker.start()
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    worker.join(2.0)
except KeyboardInterrupt:
    pass
runs = worker.ident in sys._current_frames()
print(f"Python {sys.version.split()[0]}: is_alive() is {worker.is_alive()}, the thread runs: {runs}")
assert runs
assert not worker.is_alive()
PYTHON
