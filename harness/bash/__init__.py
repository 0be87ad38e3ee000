"""Reads bash without running it: splits a block into statements, parses a text into commands and words."""
