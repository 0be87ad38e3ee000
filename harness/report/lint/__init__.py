"""What `gameday lint` found, as text, JSON, SARIF, JUnit, GitHub annotations and Markdown; pure."""
