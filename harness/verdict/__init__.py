"""Judges the record of a drill. Pure: no I/O, no threads, no clock."""
