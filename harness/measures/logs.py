"""Number of matching log lines since the phase began: `logs(inference, "timeout") > 0`."""

from __future__ import annotations

import re

from harness.measures.base import Condition
from harness.measures.growth import increases
from harness.measures.probe import LogProbe
from harness.measures.reading import Reading
from harness.measures.sampled import SampledMeasure, Samples
from harness.measures.source import Source


class Logs(SampledMeasure):
    """Lines in the logs of all pods that match; arguments: the Deployment and a regular expression, case ignored."""

    function = "logs"
    unit = "count"
    never_negative = True

    @classmethod
    def parse(cls, source: Source) -> Condition:
        """Accepts every comparison with a number."""
        source.expect_args(2)
        try:
            re.compile(source.args[1])
        except re.error as error:
            raise source.error(f"`{source.args[1]}` is not a regular expression ({error})") from None
        return Condition(source.text, cls(source.args), source.op, source.not_negative())

    @property
    def probes(self) -> tuple[LogProbe, ...]:
        """The matching lines so far."""
        return (LogProbe(self.key, *self.args),)

    def readings(self, samples: Samples) -> list[Reading]:
        """The number of new lines until each sample of the window."""
        return increases(samples(self.key))
