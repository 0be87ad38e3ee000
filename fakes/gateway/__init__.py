"""`api-gateway`: checks tenants, validates requests and forwards them with deadlines, retries and breakers."""
