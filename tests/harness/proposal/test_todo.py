"""TODO comments of gameday.yaml and the keys that they are about."""

from __future__ import annotations

from harness.proposal.todo import Todo, todos

TEXT = """\
# TODO the file
version: 1
runbooks:
  # TODO: first,
  #   on two lines
  # no more of it
  A:
    fault:  # TODO which?
    run: |
      echo  # TODO no comment
      # TODO neither
    symptoms:
      - {line: 3, is: }  # TODO a row
    note: "a # TODO in quotes"
    # TODO at the end
"""


def test_each_comment_has_its_place_and_the_key_that_it_is_about() -> None:
    assert list(todos(TEXT)) == [
        Todo(1, 1, "the file", 2, ("version",)),
        Todo(4, 3, "first, on two lines", 7, ("runbooks", "A")),
        Todo(8, 13, "which?", 8, ("runbooks", "A", "fault")),
        Todo(13, 26, "a row", 13, ("runbooks", "A", "symptoms")),
        Todo(15, 5, "at the end", 15, ("runbooks", "A", "note")),
    ]


def test_a_file_without_values_can_have_comments() -> None:
    assert [each.text for each in todos("# TODO all of it\n")] == ["all of it"]
