"""Looking at the services once a second: /metrics, /health and logs, as far as conditions ask for them."""
