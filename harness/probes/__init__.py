"""Samples of the services once a second: /metrics, /health and logs, as far as the measures need them."""
