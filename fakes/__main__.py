"""`python -m fakes DEPLOYMENT`: one pod, told who it is by its environment (docs/contracts.md)."""

from __future__ import annotations

import os
import sys

from fakes.pod import MODULES, main

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: python -m fakes {{{','.join(MODULES)}}}")
    sys.exit(main(sys.argv[1], os.environ))
