"""`api-gateway`: tenants, validation, and calls onward with deadlines, retries and breakers."""
