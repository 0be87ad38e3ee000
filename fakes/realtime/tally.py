"""What happens often is counted, and told once a second in one line with the first case and the count."""

from __future__ import annotations

from fakes.log import Log


class Tally:
    """Lines like `backpressure: dropped 12 messages …`, each with how many times it happened in the last second."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._seen: dict[str, tuple[int, str]] = {}

    def note(self, words: str, first: str) -> None:
        """`words` is what happened, with a `{}` for the count; `first` tells about the first case."""
        count, told = self._seen.get(words, (0, first))
        self._seen[words] = (count + 1, told)

    def tell(self) -> None:
        """Once a second."""
        for words, (count, first) in self._seen.items():
            self._log.warning(f"{words.format(count)}; first: {first}", count=count)
        self._seen.clear()
