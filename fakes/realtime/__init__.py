"""`realtime`: WebSockets with a connection limit, bounded send queues and bounded sender slots."""
