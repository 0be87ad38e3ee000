"""Direction words in the text of a toggle count where they govern its value."""

from dataclasses import replace

import pytest

from harness.record.steps import StepFacts, ToggleFacts
from harness.verdict.steps import judge_step

_STEP = StepFacts(1, 1, "toggle", "change", "", "kubectl set env", True, ("kubectl exec",), (0,), 0)


def _judged(text: str, old: str | None, new: str, *, deployed: str | None = None) -> tuple[str, str]:
    toggle = ToggleFacts("api", "RETRY_LIMIT", old, deployed or old, new, new)
    return judge_step(replace(_STEP, text=text, toggle=toggle))


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        ("`RETRY_LIMIT`: Increase from 5 to 10", "5", "10"),
        ("To reduce flapping, increase from 5 to 10", "5", "10"),
        ("`RETRY_LIMIT`: to reduce flapping, increase from 5 to 10", "5", "10"),
        ("In order to lower the error rate raise `RETRY_LIMIT` from 5 to 10", "5", "10"),
        ("Reduce flapping by raising it from 5 to 10", "5", "10"),
        ("Reduce flapping. Increase to 10", "5", "10"),
        ("Lower from 10 to 5 to increase headroom", "10", "5"),
        ("`RETRY_LIMIT`: lower to 5 in order to increase headroom", "10", "5"),
        ("Reduce from `10` to `5` (increases throughput)", "10", "5"),
        ("Decrease `RETRY_LIMIT`, currently 10, to 5", "10", "5"),
        ("Set to 10 to reduce flapping", "5", "10"),
        ("To reduce flapping set to 10", "5", "10"),
        ("To reduce flapping: 5 -> 10", "5", "10"),
        ("RETRY_LIMIT=10 (to reduce flapping)", "5", "10"),
        ("Change from 5 to 10, which will lower the error rate", "5", "10"),
        ("| RETRY_LIMIT | 5 | 10 | reduces flapping |", "5", "10"),
        ("Raise from 0.8 to 0.9; this lowers the number of drops", "0.8", "0.9"),
        ("Backpressure drops: raise from 5 to 10", "5", "10"),
    ],
)
def test_text_that_agrees_with_the_values_is_no_failure(text: str, old: str, new: str) -> None:
    assert _judged(text, old, new) == ("ok", f"RETRY_LIMIT {old} -> {new}")


@pytest.mark.parametrize(
    ("text", "old", "new", "verb"),
    [
        ("`RETRY_LIMIT`: Increase from 10 to 5", "10", "5", "increase"),
        ("Increase `RETRY_LIMIT` from 10 to 5", "10", "5", "increase"),
        ("To reduce flapping, increase from 10 to 5", "10", "5", "increase"),
        ("Lower from 5 to 10 to increase headroom", "5", "10", "lower"),
        ("Raise the limit (now 10) to 5", "10", "5", "raise"),
        ("You may need to reduce it to 10", "5", "10", "reduce"),
        ("Decrease, for a while, from 5 to 10", "5", "10", "decrease"),
        ("`RETRY_LIMIT`: 10 → 5 (increase)", "10", "5", "increase"),
        ("RETRY_LIMIT | 10 | 5 | Increase", "10", "5", "increase"),
        ("Bump to 5", "10", "5", "bump"),
        ("Shorten from 5 to 10", "5", "10", "shorten"),
    ],
)
def test_text_that_contradicts_the_values_is_a_failure(text: str, old: str, new: str, verb: str) -> None:
    why = f"wrong direction: {old} -> {new} contradicts `{verb}` in the text"
    assert _judged(text, old, new) == ("failed", why)


def test_direction_counts_from_the_deployed_value_as_well() -> None:
    """The document says 5 to 10; where 20 is deployed, the step lowers what it says to increase."""
    verdict, why = _judged("Increase from 5 to 10", "5", "10", deployed="20")
    assert (verdict, why) == ("failed", "wrong direction: 20 -> 10 contradicts `increase` in the text")


def test_value_that_is_no_number_has_no_direction() -> None:
    assert _judged("To reduce errors, set to false", "true", "false") == ("ok", "RETRY_LIMIT true -> false")


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        ("`RETRY_LIMIT`: Increase from 10,000 to 5,000", "10000", "5000"),
        ("`RETRY_LIMIT`: Increase from 10 seconds to 5 seconds", "10000", "5000"),
        ("`RETRY_LIMIT`: Lower from 5 000 to 10 000", "5000", "10000"),
    ],
)
def test_direction_is_read_beside_values_in_another_form(text: str, old: str, new: str) -> None:
    verdict, why = _judged(text, old, new)
    assert verdict == "failed"
    assert why.startswith("wrong direction: ")
