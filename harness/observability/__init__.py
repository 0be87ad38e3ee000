"""Monitoring systems beside a drill: a Prometheus of each side, or existing ones by URL, and the checks in them."""
