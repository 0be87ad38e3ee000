"""Runs several drills into one record."""
