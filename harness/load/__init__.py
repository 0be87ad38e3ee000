"""Load: what drives the platform. The contract is in `base`."""
