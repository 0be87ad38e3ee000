"""The forwarded connections of a Service's proxy, and what faults do to them."""
