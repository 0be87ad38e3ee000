"""Many drills -> one result."""
