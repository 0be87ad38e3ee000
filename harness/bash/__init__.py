"""The shell as text: which commands a block holds. Nothing here runs anything."""
