"""Faults of the services: one file each; the interface is in `base`."""
