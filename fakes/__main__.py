"""`python -m fakes DEPLOYMENT`: run one pod, or a Service's proxy, configured by its environment."""

from __future__ import annotations

import os
import sys

from fakes import pod, proxy

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: python -m fakes {{{','.join((*pod.MODULES, proxy.NAME))}}}")
    sys.exit(proxy.main(os.environ) if sys.argv[1] == proxy.NAME else pod.main(sys.argv[1], os.environ))
