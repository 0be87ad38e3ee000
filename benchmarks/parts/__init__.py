"""What the load benchmarks share: servers that count, peers, the truth they are held to, and reports."""
