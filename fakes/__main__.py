"""`python -m fakes DEPLOYMENT`: run one pod, or a Service's proxy, configured by its environment."""

from __future__ import annotations

import os
import sys

from fakes.program import NAMES, main

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: python -m fakes {{{','.join(NAMES)}}}")
    sys.exit(main(sys.argv[1], os.environ))
