"""`realtime`: websockets under a connection limit, with bounded send queues and bounded sender slots."""
