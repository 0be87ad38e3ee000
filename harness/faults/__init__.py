"""Faults: what makes the incident. The contract is in `base`."""
