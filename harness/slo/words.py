"""The words that a document and a one-line condition share."""

from harness.measures.openslo import SYMBOLS, TYPE
from harness.measures.source import quoted as argument

__all__ = ["SYMBOLS", "TYPE", "argument"]
