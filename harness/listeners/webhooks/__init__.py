"""Notifications of alerts to other systems: one file per format, and their delivery."""
