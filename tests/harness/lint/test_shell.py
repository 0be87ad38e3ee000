"""Commands of blocks and of inline code, with their places."""

from __future__ import annotations

from harness.lint.commands import Command
from harness.lint.document import parse
from harness.lint.kubectl import read


def commands(text: str) -> tuple[Command, ...]:
    return parse(text).commands


def block(script: str, lang: str = "bash") -> tuple[Command, ...]:
    return commands(f"```{lang}\n{script}\n```\n")


def test_words_and_places_of_a_block_in_a_list() -> None:
    (command,) = commands("1. Restart:\n\n   ```bash\n   kubectl delete pod 'api 0'\n   ```\n")
    assert command.argv == ("kubectl", "delete", "pod", "api 0")
    assert (command.place.line, command.place.column, command.words[3].place.column) == (4, 4, 23)


def test_prompts_and_output_are_no_words() -> None:
    (command,) = block("$ kubectl get nodes\nNAME   STATUS\nn1     Ready", "console")
    assert command.argv == ("kubectl", "get", "nodes")
    assert command.place.column == 3


def test_a_command_behind_another_one_is_read() -> None:
    found = block("sudo timeout 5 kubectl exec api-0 -n shop -- sh -c 'rm -rf /data'")
    assert [(each.program, each.inside, each.prefix) for each in found] == [
        ("kubectl", "", ("sudo", "timeout")),
        ("sh", "kubectl", ()),
        ("rm", "sh", ()),
    ]
    assert found[2].place.line == 2
    assert found[2].argv == ("rm", "-rf", "/data")


def test_a_broken_line_spoils_no_other_one() -> None:
    found = block("echo 'never closed\nkubectl get pods\n\nuptime")
    assert [each.program for each in found][-2:] == ["kubectl", "uptime"]


def test_placeholders_are_words() -> None:
    (command,) = block("kubectl logs <pod name> -n <ns>")
    assert command.argv == ("kubectl", "logs", "<pod name>", "-n", "<ns>")
    assert command.redirects == ()


def test_conditions_loops_and_substitutions_are_marked() -> None:
    found = block('if uptime; then reboot; fi\nfor n in 1 2; do rm x; done\necho "$(date)"\ntest -f x && rm x')
    by_program = {(each.program, each.conditional, each.looped, each.nested) for each in found}
    assert ("reboot", True, False, False) in by_program
    assert ("rm", False, True, False) in by_program
    assert ("date", False, False, True) in by_program
    assert ("rm", True, False, False) in by_program


def test_inline_code_and_unmarked_lines_are_commands() -> None:
    found = commands("Run `kubectl get pods -n shop`, which lists `pods`.\n\nkubectl get nodes -o wide\n")
    assert [(each.argv[2], each.place.line, each.place.column) for each in found] == [("pods", 1, 6), ("nodes", 3, 1)]


def test_a_sentence_that_begins_with_a_program_is_no_command() -> None:
    assert (
        commands("ssh to one of the nodes\n\nmake sure that the disk is not full\n\nfind out -- at once -- why\n") == ()
    )


def test_other_languages_have_no_commands() -> None:
    assert block("kubectl: true\n", "yaml") == ()
    assert commands("```\nNAME   STATUS\nn1     Ready\n```\n") == ()


def test_a_here_document_is_one_statement() -> None:
    found = block("cat <<EOF | kubectl apply -f -\nkind: Pod\nit's fine\nEOF\nuptime")
    assert [each.program for each in found] == ["cat", "kubectl", "uptime"]


def test_kubectl_is_read() -> None:
    (command,) = block("kubectl -n shop rollout restart deploy/api --timeout=5s")
    call = read(command)
    assert call is not None
    assert (call.verb, call.sub, call.kind, call.names) == ("rollout", "restart", "deployment", ("api",))
    assert call.options == {"--namespace": "shop", "--timeout": "5s"}
    assert call.is_change


def test_logs_of_kubectl_follow_by_f_and_others_read_a_file() -> None:
    logs, apply = (read(each) for each in block("kubectl logs -f api-0\nkubectl apply -f x.yaml"))
    assert logs is not None
    assert apply is not None
    assert "--follow" in logs.options
    assert apply.options["--filename"] == "x.yaml"
