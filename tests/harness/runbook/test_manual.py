"""Commands that the document warns against, or leaves to a decision, are left to a person; the ordinary ones run."""

from __future__ import annotations

import pytest

from harness.model import Command, Runbook
from harness.runbook import parse
from harness.steps.step import runbook_steps

COMMAND = "kubectl scale deployment api --replicas=0"
LOOK = "kubectl get pods"


def book(body: str, section: str = "Commands") -> Runbook:
    (found,) = parse(f"### SLOW: Slow\n\n#### Symptoms\n\n- P95 > 500ms\n\n#### {section}\n\n{body}\n").runbooks
    return found


def commands(found: Runbook) -> list[Command]:
    return [*found.commands, *(command for action in found.actions for command in action.commands)]


def manual(body: str, section: str = "Commands") -> dict[str, str]:
    """Why each command is left to a person; "" for one that runs."""
    return {command.text: command.manual for command in commands(book(body, section))}


WARNED = [
    "- **Never** run `{0}`",
    "- Never run `{0}` in production.",
    "- Do not run `{0}`",
    "- Don't use `{0}`, it loses requests",
    "- Don’t use `{0}`",
    "- Please do not scale down with `{0}`",
    "- You must not run `{0}`",
    "- You should never run `{0}`",
    "- Avoid `{0}`",
    "- Avoid scaling to zero with `{0}`",
    "- Under no circumstances run `{0}`",
    "- `{0}` is not safe during an incident",
    "- `{0}` is dangerous: it drops all requests",
    "- `{0}` must not be used",
    "- `{0}` should never be run here",
    "- Not safe: `{0}`",
    "- Unsafe: `{0}`",
    "- Warning: never run `{0}`",
    "- ❌ `{0}`",
    "- ~~`{0}`~~",
    "- ~~Scale down: `{0}`~~",
    "- <del>Scale down: `{0}`</del>",
    "- `{0}` was tried in May and did not help",
    "- We tried `{0}` last year, without an effect",
    "- In the past: `{0}`",
    "- Tried: `{0}`",
    "- `{0}` did not help",
    "- `{0}` is deprecated",
    "- If it fails, run `{0}`",
    "- If this does not help, run `{0}`",
    "- If that doesn't work: `{0}`",
    "- If the restart did not help, run `{0}`",
    "- If the restart fails, run `{0}`",
    "- If the problem persists, `{0}`",
    "- If latency is still high, run `{0}`",
    "- If nothing else works, run `{0}`",
    "- If all else fails: `{0}`",
    "- Run `{0}` only if the restart was without effect",
    "- Roll back (only if the rollout made it worse): `{0}`",
    "- Unless the queue is empty, run `{0}`",
    "- As a last resort, run `{0}`",
    "- Last resort: `{0}`",
    "- Otherwise run `{0}`",
    "- Alternatively, run `{0}`",
    "- Or run `{0}`",
    "- On failure: `{0}`",
    "- To undo this: `{0}`",
    "- It is not safe to run `{0}`",
    "- Running `{0}` is not safe",
    "- We used to run `{0}`",
    "- Previously we ran `{0}`",
    "- Do not, under any circumstances, run `{0}`",
    "- If step 2 fails, run `{0}`",
    "- If scaling up does not help, run `{0}`",
    "- Should it fail: `{0}`",
    "- If the pods do not come back, run `{0}`",
    "- `{0}` (never during the day)",
    "- `{0}` (dangerous)",
    "- Danger: `{0}`",
    "- Option B: `{0}`",
    "- DO NOT `{0}`",
    "```bash\n# 2. If still failing, stop it\n{0}\n```",
    "##### 2. Rollback (only if it fails)\n\n```bash\n{0}\n```",
    "- `{0}` would lose all requests, so don't",
    "- Never scale to zero, but if you must: `{0}`",
    "Stop it only if the restart fails.\n\n```bash\n{0}\n```",
    "```bash\n# Restart if it fails\n{0}\n```",
    "And if that does not help, stop it.\n\n```bash\n{0}\n```",
    "- That may not be enough if it still fails. Then run `{0}`",
    "Never do this:\n\n```bash\n{0}\n```",
    "**Never** do this:\n\n```bash\n{0}\n```",
    "This loses requests. Do not run it.\n\n```bash\n{0}\n```",
    "If that does not help, stop the service:\n\n```bash\n{0}\n```",
    "If that does not help, the service must stop. Run:\n\n```bash\n{0}\n```",
    "If that does not help, stop the service.\n\n```bash\n{0}\n```",
    "Only if that does not help:\n\n- `{0}`",
    "- Only if that does not help:\n  - `{0}`",
    "- Only if that does not help:\n\n  ```bash\n  {0}\n  ```",
    "```bash\n# DO NOT RUN\n{0}\n```",
    "```bash\n# DO NOT RUN\n\n{0}\n```",
    "```bash\n# Deletes everything, never run this!\n{0}\n```",
    "```bash\n# Only if the restart failed\nkubectl version\n{0}\n```",
    "```bash\n{0}  # dangerous\n```",
    "```bash\n{0}  # don't\n```",
    "```bash\n# rollback, if it fails\n{0}\n```",
    "```bash\n# was tried in May, did not help\n{0}\n```",
    "> **Warning:** this stops the service: `{0}`",
    "> **Warning**\n> This stops the service: `{0}`",
    "> Warning\n> This stops the service: `{0}`",
    "> ❌ **Danger zone:** `{0}`",
    "**Note**\nNever run `{0}`",
    "> **Warning**\n>\n> ```bash\n> {0}\n> ```",
    "> [!CAUTION]\n> This stops the service:\n>\n> ```bash\n> {0}\n> ```",
    "> ⚠️ This stops the service: `{0}`",
    '!!! danger "Data loss"\n\n    ```bash\n    {0}\n    ```',
    "!!! warning\n    This stops the service: `{0}`",
    ":::danger\n\n```bash\n{0}\n```\n\n:::",
    "##### Rollback (only if the new version fails)\n\n```bash\n{0}\n```",
    "##### What not to do\n\n```bash\n{0}\n```",
    "##### Do not run these\n\n```bash\n{0}\n```\n\n```bash\nkubectl version\n```",
    "##### Last resort\n\n- `{0}`",
    "| When | Command |\n|---|---|\n| Only if the restart fails | `{0}` |",
    "| Command | Note |\n|---|---|\n| `{0}` | never during the day |",
    "| Do | Don't |\n|---|---|\n| wait | `{0}` |",
    "| Step | Command | Note |\n|---|---|---|\n| Stop | `{0}` | if the restart does not help |",
    "<!-- gameday: skip -->\n\n```bash\n{0}\n```",
    "<!-- gameday: skip -->\n- `{0}`",
    "- Stop: `{0}` <!-- gameday: skip -->",
    "<!-- gameday:skip -->\n##### Stop it\n\n```bash\n{0}\n```",
]


@pytest.mark.parametrize("form", WARNED)
def test_command_that_the_document_does_not_simply_ask_for_is_left_to_a_person(form: str) -> None:
    found = manual(form.format(COMMAND))
    assert found[COMMAND], "the reason is stated"


ORDINARY = [
    "- `{0}`",
    "- Scale up if needed: `{0}`",
    "- If P95 stays above 500 ms, scale the service: `{0}`",
    "- If the circuit breaker is open, run `{0}`",
    "- If health checks fail, run `{0}`",
    "- If requests fail with 503, run `{0}`",
    "- If the pods do not become ready, run `{0}`",
    "- If pods no longer respond, run `{0}`",
    "- If you cannot reach the service, run `{0}`",
    "- When alerts fire, run: `{0}`",
    "- Once the queue is full, run `{0}`",
    "- Check whether the pods are up: `{0}`",
    "- Check that nothing fails with `{0}`",
    "- Find the pods that do not respond: `{0}`",
    "- Find the pods that never become ready: `{0}`",
    "- Look for jobs that did not run: `{0}`",
    "- To avoid more timeouts, run `{0}`",
    "- Scale up to avoid timeouts: `{0}`",
    "- Run `{0}` to avoid data loss",
    "- Don't forget to run `{0}`",
    "- Do not wait: `{0}`",
    "- Never hesitate to run `{0}`",
    "- Don't panic. Run `{0}`",
    "- Run `{0}` and do not restart the database",
    "- Run `{0}`; never restart the database",
    "- Run `{0}`, not the old script",
    "- Run `{0}` instead of a restart",
    "- Do not restart. Instead run `{0}`",
    "- Never restart the database; run `{0}`",
    "- Roll back the last release: `{0}`",
    "- Run `{0}`. If it fails, call the vendor.",
    "- Warning: this restarts all pods: `{0}`",
    "- `{0}` is safe at any time",
    "- `{0}` is used to find the pods",
    "- The previous step takes a minute. Run `{0}`",
    "- Check if the pods are still there: `{0}`",
    "- Check if it fails: `{0}`",
    "- `{0}` should not show a restart",
    "- `{0}` must not be empty",
    "- `{0}` cannot be undone",
    "- Cannot connect: `{0}`",
    "- Ran out of memory: `{0}`",
    "- In the past hour: `{0}`",
    "- Previously failed jobs: `{0}`",
    "- Deprecated calls: `{0}`",
    "- Forbidden requests in logs: `{0}`",
    "- Requests that are not allowed: `{0}`",
    "- Alternative service: `{0}`",
    "- You must not wait: `{0}`",
    "- Run `{0}`, which does not restart anything",
    "- If the tool service is not working, run `{0}`",
    "- If retries do not stop, run `{0}`",
    "- Latency should not exceed 500 ms afterwards: `{0}`",
    "Check the pods. If none is left, call the vendor.\n\n```bash\n{0}\n```",
    "Don't panic. Run:\n\n```bash\n{0}\n```",
    "Never restart the database.\n\n- `{0}`",
    "Escalate if this fails.\n\n```bash\n{0}\n```",
    "```bash\n# 2. Look\n{0}\n```",
    "When alerts fire, run:\n\n```bash\n{0}\n```",
    "If P95 stays above 500 ms:\n\n```bash\n{0}\n```",
    "**Warning:** this takes a minute.\n\n```bash\n{0}\n```",
    "```bash\n# Scale up if needed\n{0}\n```",
    "```bash\n# More replicas, when load is the cause\n{0}\n```",
    "```bash\n# Scale up, do not exceed 5 replicas\n{0}\n```",
    "```bash\n# DO NOT RUN\nkubectl version\n\n# Look\n{0}\n```",
    "```bash\n# If it fails\nkubectl version\n\n{0}\n```",
    "> **Note:** look at the pods: `{0}`",
    "> **Note**\n> Look at the pods: `{0}`",
    "> Warning signs are listed here: `{0}`",
    "!!! tip\n    Look at the pods: `{0}`",
    "##### Restart the pods\n\n```bash\n{0}\n```",
    "##### Rollback\n\n```bash\n{0}\n```",
    "##### Do not run these\n\n```bash\nkubectl version\n```\n\n##### Run these\n\n```bash\n{0}\n```",
    "- Only if it fails:\n  - `kubectl version`\n- `{0}`",
    "| When | Command |\n|---|---|\n| The pods are gone | `{0}` |",
    "| Do | Don't |\n|---|---|\n| `{0}` | wait |",
    "> **Warning**\n> Never run `kubectl version`\n\n```bash\n{0}\n```",
    "Never run `kubectl version`.\n\n```bash\n{0}\n```",
    "<!-- gameday: run -->\n\n```bash\n# DO NOT RUN before reading\n{0}\n```",
    "<!-- gameday: run -->\n- Only if the restart fails: `{0}`",
    "- Never during the day: `{0}` <!-- gameday: run -->",
    "<!-- gameday: skip -->\n- `kubectl version`\n\nAnd then:\n\n- `{0}`",
    "<!-- a comment of another kind: skip -->\n\n- `{0}`",
]


@pytest.mark.parametrize("form", ORDINARY)
def test_command_that_the_document_asks_for_runs(form: str) -> None:
    assert manual(form.format(LOOK))[LOOK] == ""


@pytest.mark.parametrize(
    ("item", "runs", "left"),
    [
        ("Run `kubectl get pods` instead of `kubectl version`", "kubectl get pods", "kubectl version"),
        ("Run `kubectl get pods`, not `kubectl version`", "kubectl get pods", "kubectl version"),
        ("Never run `kubectl version`; run `kubectl get pods`", "kubectl get pods", "kubectl version"),
        ("Don't run `kubectl version`, run `kubectl get pods`", "kubectl get pods", "kubectl version"),
        ("Run `kubectl get pods` or `kubectl version`", "kubectl get pods", "kubectl version"),
        ("Run `kubectl get pods`. If that fails, run `kubectl version`.", "kubectl get pods", "kubectl version"),
        ("Run `kubectl get pods`, and only if that fails `kubectl version`", "kubectl get pods", "kubectl version"),
        ("Instead of `kubectl version`, run `kubectl get pods`", "kubectl get pods", "kubectl version"),
        ("Run `kubectl get pods`; `kubectl version` did not help", "kubectl get pods", "kubectl version"),
    ],
)
@pytest.mark.parametrize("section", ["Commands", "Immediate Actions"])
def test_only_the_command_that_the_words_govern_is_left(item: str, runs: str, left: str, section: str) -> None:
    found = manual(f"- {item}", section)
    assert found[runs] == ""
    assert found[left] != ""


@pytest.mark.parametrize(
    ("item", "left"),
    [
        ("`MAX_RETRIES`: Increase from 3 to 5", False),
        ("`MAX_RETRIES`: Set to 5 instead of 3", False),
        ("`MAX_RETRIES=5` (was 3)", False),
        ("`MAX_RETRIES`: Increase from 3 to 5, never above 8", False),
        ("`MAX_RETRIES`: Increase from 3 to 5 while latency is high", False),
        ("`MAX_RETRIES`: Increase from 3 to 5 if needed", False),
        ("`MAX_RETRIES`: Set to 5 (previously 3)", False),
        ("Never set `MAX_RETRIES` to 5", True),
        ("Do not increase `MAX_RETRIES` from 3 to 5", True),
        ("~~`MAX_RETRIES`: Increase from 3 to 5~~", True),
        ("`MAX_RETRIES`: Increase from 3 to 5, only if the scaling did not help", True),
        ("If that does not help, increase `MAX_RETRIES` from 3 to 5", True),
        ("`MAX_RETRIES`: from 3 to 5 was tried and did not help", True),
        ("`MAX_RETRIES`: Increase from 3 to 5 <!-- gameday: skip -->", True),
    ],
)
def test_toggle_is_left_to_a_person_by_the_same_words(item: str, left: bool) -> None:
    (toggle,) = book(f"- {item}", "Environment Toggles").toggles
    assert (toggle.name, toggle.old, toggle.new) == ("MAX_RETRIES", toggle.old, "5")
    assert bool(toggle.manual) is left


def test_toggle_below_a_condition_is_left_to_a_person() -> None:
    table = "If that does not help:\n\n| Variable | From | To |\n|---|---|---|\n| `A_B` | 1 | 2 |\n"
    code = "\n```bash\n# never in production\nexport C_D=1\n```\n"
    assert [bool(toggle.manual) for toggle in book(table + code, "Environment Toggles").toggles] == [True, True]


def test_general_command_is_left_to_a_person() -> None:
    document = parse("## General Troubleshooting\n\n```bash\n# never in production\nkubectl version\n```\n")
    assert "never in production" in document.general[0].manual


def test_heading_above_a_section_governs_it() -> None:
    text = (
        "### SLOW: Slow\n\n#### Symptoms\n\n- slow\n\n#### Rollback (only if the fix fails)\n\n##### Commands\n\n"
        "```bash\nkubectl version\n```\n\n#### Commands\n\n```bash\nkubectl get pods\n```\n"
    )
    (found,) = parse(text).runbooks
    assert [(command.text, bool(command.manual)) for command in found.commands] == [
        ("kubectl version", True),
        ("kubectl get pods", False),
    ]


def test_plan_states_the_decision_its_line_and_how_to_override_it() -> None:
    found = book(f"- **Never** run `{COMMAND}`\n- If the cache is full: `{LOOK}`")
    left, runs = runbook_steps(found, {}, {}, "production")
    assert (left.purpose, left.script, left.text, left.refusals, left.missing) == ("manual", None, COMMAND, (), ())
    assert left.notes == ('left to a person: "Never run" (line 9); `<!-- gameday: run -->` above it makes it a step',)
    assert (runs.purpose, runs.notes) == ("read", ())


def test_command_left_to_a_person_needs_no_binding_and_no_permission() -> None:
    (step,) = runbook_steps(book("- Never run `rm -rf <folder>`"), {}, {}, "production")
    assert (step.purpose, step.missing, step.refusals) == ("manual", (), ())


def test_a_long_row_of_blanks_is_read_once() -> None:
    """A pattern that looks at each blank again and again takes minutes for this."""
    blanks = " " * 200_000
    block = f"# Do not{blanks}run this\n{COMMAND} -n a\n\n{LOOK} # a{blanks}b"
    assert manual(f"Never{blanks}run `{COMMAND}`\n\n```bash\n{block}\n```") == {
        COMMAND: '"Never run" (line 9)',
        f"{COMMAND} -n a": '"Do not run this" (line 12)',
        LOOK: "",
    }
