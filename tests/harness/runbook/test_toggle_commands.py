"""Commands beside a toggle: the one that sets it, and the one that takes it back."""

from __future__ import annotations

import pytest

from harness.model import Toggle
from harness.runbook import parse
from harness.runbook.toggle_commands import own_commands
from harness.steps.step import runbook_steps

SETS = "kubectl set env -n x deployment/web A_B=5"
BACK = "kubectl set env deployment/web A_B=3 -n x"


def toggles(item: str) -> tuple[tuple[Toggle, ...], int, list[str]]:
    """The toggles of an item, the number of commands beside them, and the reasons of what was not understood."""
    text = f"# Ops\n\n### WEB: Web\n\n**Symptoms:**\n\n- errors\n\n**Environment Toggles:**\n\n- {item}\n"
    document = parse(text)
    (book,) = document.runbooks
    return book.toggles, len(book.commands), [part.why for part in document.unread]


@pytest.mark.parametrize(
    "item",
    [
        f"`A_B`: Increase from 3 to 5 (`{SETS}`; rollback: `{BACK}`)",
        f"`A_B`: Increase from 3 to 5: `{SETS}`; rollback: `{BACK}`",
        f"`A_B`: Set to 5. Run `{SETS}`, to roll back `{BACK}`",
    ],
)
def test_commands_of_the_variable_belong_to_the_toggle(item: str) -> None:
    (toggle,), commands, unread = toggles(item)
    assert (toggle.command, toggle.rollback, toggle.manual) == (SETS, BACK, "")
    assert (commands, unread) == (0, [])


@pytest.mark.parametrize(
    "command",
    [
        "kubectl set env deployment/web A_B=6 -n x",
        "kubectl set env deployment/web A_B=5 C_D=1 -n x",
        "kubectl set env deployment/web A_B=5 $(id)",
        "kubectl set env deployment/$WEB A_B=5",
    ],
)
def test_command_that_does_something_else_does_not_set_the_toggle(command: str) -> None:
    (toggle,), _, unread = toggles(f"`A_B`: Increase from 3 to 5 (`{command}`)")
    assert (toggle.command, toggle.rollback) == ("", "")
    assert unread == ["the toggle A_B is set instead"]


def test_command_behind_the_one_that_sets_the_toggle_stays_a_step() -> None:
    (toggle,), commands, unread = toggles(f"`A_B`: Increase from 3 to 5 (`{SETS}; kubectl delete pod web`)")
    assert (toggle.command, commands, unread) == (SETS, 1, [])


def test_command_that_the_text_warns_against_does_not_set_the_toggle() -> None:
    (toggle,), _, _ = toggles(f"`A_B`: Increase from 3 to 5. Never run `{SETS}`.")
    assert toggle.command == ""


def test_item_with_two_toggles_keeps_its_command_apart() -> None:
    found, _, unread = toggles(f"`A_B`: set to 5, `C_D`: set to 6 (`{SETS}`)")
    assert [toggle.command for toggle in found] == ["", ""]
    assert unread == ["the toggle A_B is set instead"]


def test_toggle_is_set_by_the_command_as_written_and_read_back() -> None:
    (toggle,), _, _ = toggles(f"`A_B`: Increase from 3 to 5 (`{SETS.replace('web', 'service-name')}`)")
    document = parse(
        f"# Ops\n\n### WEB: Web\n\n**Symptoms:**\n\n- errors\n\n**Environment Toggles:**\n\n- {toggle.text}\n"
    )
    (step,) = runbook_steps(document.runbooks[0], {"service-name": "web"}, {"A_B": "web"}, "x")
    assert step.shown.split(" && ") == [
        SETS,
        "kubectl rollout status deployment/web -n x --timeout=60s",
        "kubectl exec deployment/web -n x -- printenv A_B",
    ]
    assert (step.used, step.missing, step.refusals) == ((("service-name", "web"),), (), ())


def test_placeholder_without_a_binding_is_missing() -> None:
    (toggle,), _, _ = toggles(f"`A_B`: Increase from 3 to 5 (`{SETS.replace('web', 'service-name')}`)")
    document = parse(
        f"# Ops\n\n### WEB: Web\n\n**Symptoms:**\n\n- errors\n\n**Environment Toggles:**\n\n- {toggle.text}\n"
    )
    (step,) = runbook_steps(document.runbooks[0], {}, {"A_B": "web"}, "x")
    assert step.missing == ("service-name",)


def test_second_command_with_the_same_value_is_no_rollback() -> None:
    toggle, left = own_commands(Toggle(1, "", "A_B", "3", "5"), [])
    assert (toggle.command, left) == ("", [])
