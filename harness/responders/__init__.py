"""Responders: who handles the incident of a drill. The contract is in `base`, one member per file."""
