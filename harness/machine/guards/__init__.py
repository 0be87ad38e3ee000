"""Guards: processes that hold a fault of processes and end it, also when the harness has been killed."""
