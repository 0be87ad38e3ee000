"""`loads:` of a bindings file: requests that are sent to a service of the user's, without a scenario of Python.

The file format is documented in docs/reference/loads.md.
"""

from harness.bindings.loads.model import LoadRequest, LoadSpec
from harness.bindings.loads.reader import read_loads
from harness.bindings.loads.shape import NAME, check

__all__ = ["NAME", "LoadRequest", "LoadSpec", "check", "read_loads"]
