"""What the load benchmarks share: servers that count, peers that are driven, the truth they are held to, and how it is told."""
