"""The check of a command before it runs: bash's syntax check, and the policy with this machine's programs."""

from harness.bash.parse import parse
from harness.steps.check import check, syntax_error


def test_syntax_error_is_the_message_of_bash() -> None:
    assert syntax_error("echo (").startswith("bash: line 1: syntax error near unexpected token")
    assert syntax_error("kubectl get pods") == ""


def test_text_that_bash_cannot_read_is_not_refused() -> None:
    assert check(parse("rm x ("), (), "production") == ()


def test_uncertain_text_that_bash_can_read_is_refused() -> None:
    assert check(parse("echo {rm,x}"), (), "production") == (
        "cannot be parsed with certainty: `{rm,x}` is a brace expansion",
    )


def test_program_of_this_machine_is_refused_and_a_missing_one_is_not() -> None:
    assert check(parse("rm x"), (), "production") == ("rm: not an allowed program",)
    assert check(parse("no-such-program-anywhere x"), (), "production") == ()


def test_earlier_commands_and_the_namespace_reach_the_policy() -> None:
    assert check(parse("cat $F"), [parse("F=/etc/passwd")], "production") == ("cat: reads the file `$F`",)
    assert check(parse("curl http://api.staging/"), (), "staging") == ()
    assert check(parse("curl http://api.staging/"), (), "production") != ()
