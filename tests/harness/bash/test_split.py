"""Splitting a block of shell into statements, and what is left over."""

from harness.bash.split import Leftover, Statement, is_complete, split


def test_statements_have_their_text_line_and_comment() -> None:
    block = "# Check the pods\nkubectl get pods\nkubectl get nodes  # and the nodes\nfor i in 1 2; do\n  echo $i\ndone"
    assert split(block) == (
        Statement(2, "kubectl get pods", "Check the pods"),
        Statement(3, "kubectl get nodes", "and the nodes"),
        Statement(4, "for i in 1 2; do\n  echo $i\ndone"),
    )


def test_placeholder_in_angle_brackets_is_a_word() -> None:
    assert split("kubectl logs <pod-name> -n x") == (Statement(1, "kubectl logs <pod-name> -n x"),)


def test_line_that_is_not_a_complete_command_is_left_over() -> None:
    why = "not shell that can be run: this line is not a complete command"
    assert split("true\nkubectl get 'x\nfalse") == (
        Statement(1, "true"),
        Leftover(2, "kubectl get 'x", why),
        Statement(3, "false"),
    )


def test_comment_without_a_command_and_shebang_are_left_over() -> None:
    found = split("#!/bin/sh\ntrue\n# nothing follows")
    assert found == (
        Leftover(1, "#!/bin/sh", "a shebang: the commands run in bash"),
        Statement(2, "true"),
        Leftover(3, "# nothing follows", "a comment without a command below it"),
    )


def test_background_operator_belongs_to_its_statement() -> None:
    assert split("sleep 1 &") == (Statement(1, "sleep 1 &"),)


def test_open_quote_loop_or_pipe_is_incomplete() -> None:
    assert [is_complete(text) for text in ("true", "echo 'a", "for i in 1; do", "a |")] == [True, False, False, False]
