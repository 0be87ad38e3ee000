"""What the load benchmarks share: servers that count, peers, the true figures to compare with, and reports."""
