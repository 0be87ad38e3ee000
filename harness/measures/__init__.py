"""Measures: what a condition can measure, one module per measure.

A measure parses its part of a condition, names the probes that it needs, evaluates what was recorded and writes its
OpenSLO form. It is registered under the name of its function: an entry point of the group `gameday.measures`.
"""
