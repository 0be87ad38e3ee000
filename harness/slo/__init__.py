"""SLOs: OpenSLO v1 documents, one-line conditions as their short form, and k6 thresholds as a source."""

from harness.slo.catalogue import Catalogue, read_slos
from harness.slo.openslo import Slo

__all__ = ["Catalogue", "Slo", "read_slos"]
