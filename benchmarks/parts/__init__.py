"""Shared parts of the load benchmarks: servers that count, peers, true values and reports."""
