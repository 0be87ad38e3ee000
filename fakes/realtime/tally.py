"""Count frequent events, and log each kind once a second with its count and first case."""

from __future__ import annotations

from fakes.log import Log


class Tally:
    """Logs lines such as `backpressure: dropped 12 messages …`, one per kind of event and second."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._seen: dict[str, tuple[int, str]] = {}

    def note(self, text: str, first: str) -> None:
        """Count one event; `text` describes its kind, with a `{}` for the count, and `first` its first case."""
        count, kept = self._seen.get(text, (0, first))
        self._seen[text] = (count + 1, kept)

    def flush(self) -> None:
        """Log the counts and start again; called once a second."""
        for text, (count, first) in self._seen.items():
            self._log.warning(f"{text.format(count)}; first: {first}", count=count)
        self._seen.clear()
