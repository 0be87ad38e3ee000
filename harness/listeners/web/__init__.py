"""The live page of a run: a listener that turns events into messages, and an HTTP server that streams them."""
