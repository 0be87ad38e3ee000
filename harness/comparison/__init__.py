"""Comparison of two variants of a service: how variants are named, and the judge of a record. Pure.

In the record the base is the control, and the candidate is the treatment.
"""
