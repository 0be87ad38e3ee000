"""Makes bash texts at random in which a marker stands wherever a command can; bash says which of them it executes.

A marker is `mark` and a number. A text executes nothing else than markers and builtins, and all its loops end.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

MARKERS = 90
"""The most markers in one text."""
_OPERATORS = (
    "%",
    "%%",
    "#",
    "##",
    "^",
    "^^",
    ",",
    ",,",
    ":-",
    ":=",
    "-",
    "+",
    ":+",
    "/",
    "//",
    "/#",
    "/%",
    ":",
    "[0]%",
)
_BATCH = 500
"""Texts that one bash executes."""


class Texts:
    """A seeded source of texts. `ordinary` leaves out the forms that no runbook needs."""

    def __init__(self, seed: int, *, ordinary: bool = False) -> None:
        self._random = random.Random(seed)
        self._ordinary = ordinary
        self._pending: list[str] = []
        self._count = self._depth = self._functions = 0

    def text(self) -> str:
        """Return the next text."""
        self._pending, self._count, self._depth, self._functions = [], 0, 0, 0
        statements = [self._statement() + self._end() for _ in range(self._random.randint(1, 3))]
        return "".join(statements).rstrip("\n") + self._flush()

    def _pick(self, *made: Callable[[], str]) -> str:
        return self._random.choice(made)()

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _any(self, *texts: str) -> str:
        return self._random.choice(texts)

    # -- the ends of lines and here-documents

    def _flush(self) -> str:
        """Return a newline and the bodies of the here-documents that begin there; "" if there are none."""
        bodies, self._pending = self._pending, []
        return "\n" + "".join(bodies) if bodies else ""

    def _newline(self) -> str:
        return self._flush() or "\n"

    def _blank_or_newline(self, blank: str = " ") -> str:
        """Return a newline in half of the cases."""
        return blank if self._chance(0.5) else self._newline()

    def _end(self) -> str:
        if self._chance(0.6) or self._pending:
            semicolon = "" if self._ordinary and self._pending else ";"
            return self._any("", "", "", " ", " # it's a comment", " # `mark99` $(mark99)", semicolon) + self._newline()
        ends = ("; ", ";") if self._ordinary else ("; ", ";", "; ", " ;\\\n")
        return self._any(*ends)

    def _heredoc(self) -> str:
        delimiter = self._any("EOF", "'EOF'", *(() if self._ordinary else ("END", '"E"', "\\EOF")))
        dash = self._any("", "", "-")
        plain = delimiter.strip("'\"\\")
        tab = "\t" if dash and self._chance(0.5) else ""
        rows = [f"{tab}{self._heredoc_row()}\n" for _ in range(self._random.randint(0, 3))]
        self._pending.append("".join(rows) + f"{tab}{plain}\n")
        return f"<<{dash}{self._any('', ' ')}{delimiter}"

    def _heredoc_row(self) -> str:
        return self._any("text", "it's", "$x", "a | b; c") if self._ordinary or self._chance(0.4) else self._part()

    # -- statements

    def _statement(self) -> str:
        self._depth += 1
        try:
            if self._depth > 2:
                return self._command()
            kinds = [self._command, self._command, self._pipeline, self._pipeline, self._chain, self._compound]
            return self._pick(*kinds, *(() if self._ordinary else (self._odd,)))
        finally:
            self._depth -= 1

    def _chain(self) -> str:
        first = self._statement()
        return f"{first} {self._any('&&', '||')}{self._blank_or_newline()}{self._statement()}"

    def _pipeline(self) -> str:
        pipes = (" | ", " | ", "|", " |\n") if self._ordinary else (" | ", " | ", "|", " |\n", " |& ", " \\\n| ")
        text = self._any("", "", "", "! ") + (self._command() if self._ordinary else self._stage())
        for _ in range(self._random.choice((1, 1, 2, 3))):
            pipe = self._any(*pipes)
            text += pipe[:-1] + self._newline() if pipe == " |\n" else pipe
            text += self._stage()
        return text + self._any("", "", "", " >/dev/null", " 2>&1")

    def _stage(self) -> str:
        return self._compound() if self._depth < 3 and self._chance(0.2) else self._command()

    def _body(self) -> str:
        return self._statement() + (self._newline() + self._statement() if self._chance(0.3) else "")

    def _list(self) -> str:
        """Statements that end with a separator, as `do … done` needs it."""
        return self._body() + (self._newline() if self._pending or self._chance(0.5) else "; ")

    def _compound(self) -> str:
        made = self._pick(self._if, self._for, self._while, self._case, self._group, self._subshell, self._function)
        return made + self._any("", "", "", " >/dev/null", " 2>/dev/null", " </dev/null")

    def _if(self) -> str:
        text = f"if {self._condition()}; then{self._blank_or_newline()}{self._list()}"
        if self._chance(0.2):
            text += f"elif {self._condition()}; then {self._list()}"
        return text + (f"else {self._list()}" if self._chance(0.3) else "") + "fi"

    def _condition(self) -> str:
        tests = self._any(
            "[ 1 -lt 2 ]", '[ "$x" = a ]', "[ -z $x ]", "[[ $x == a* ]]", "[[ -n $x && 1 -lt 2 ]]", "true", "false",
            "test 1 -eq 1", "! false", "[[ $x =~ ^a|b$ ]]", "[[ a < b ]]", "[ 1 -lt 2 -a 2 -lt 3 ]",
        )  # fmt: skip
        return self._command() if self._chance(0.3) else tests

    def _for(self) -> str:
        if not self._ordinary and self._chance(0.3):
            return f"for ((j=0; j<2; j++)); do {self._list()}done"
        return f"for i in {self._words(2)}; do {self._list()}done"

    def _while(self) -> str:
        if self._chance(0.5):
            return f"{self._command()} | while read -r p rest; do {self._list()}done"
        return f"{self._any('while ! true', 'until true', 'while false')}; do {self._list()}done"

    def _case(self) -> str:
        arms = "".join(self._arm() for _ in range(self._random.randint(1, 2)))
        return f"case {self._word()} in\n{arms}esac"

    def _arm(self) -> str:
        head = f"{self._any('', '(')}{self._pattern()}){self._blank_or_newline()}{self._body()}"
        ends = (";;",) if self._ordinary else (";;", ";;", ";&", ";;&")
        return f"{head}{self._newline() if self._pending else ' '}{self._any(*ends)}\n"

    def _pattern(self) -> str:
        plain = self._any("a", "*", "a|b", "'a b'", '"$x"*', "[ab]*", "?")
        return plain if self._ordinary or self._chance(0.6) else self._word()

    def _group(self) -> str:
        return f"{{ {self._list()}}}"

    def _subshell(self) -> str:
        return f"({self._any('', ' ')}{self._body()}{self._newline() if self._pending else ''})"

    def _function(self) -> str:
        self._functions += 1  # no name twice: a function must not call itself
        name = f"f{self._functions}"
        odd = () if self._ordinary else (f"function {name}", f"function {name}()", f"{name} ( )")
        head = self._any(f"{name}()", *odd)
        return f"{head} {{ {self._list()}}}; {name} {self._word()}"

    def _odd(self) -> str:
        made = self._any(
            "[ 1 -lt 2 ]", "[[ 1 -lt 2 ]]", "(( 1 < 2 ))", "time true", "time -p true", "local x=1", "x=()",
            "let x=1", "declare x=1", "unset x", "test 1 -lt 2 ", "[ a ] ", "x[1]=2", "true;:",
        )  # fmt: skip
        return made + self._any("", "", " ", " >/dev/null") + self._any("\n", "\n", " && ", "; ") + self._command()

    # -- commands and words

    def _marker(self) -> str:
        self._count = (self._count + 1) % MARKERS
        name = f"mark{self._count}"
        if self._ordinary or self._chance(0.85):
            return name
        digits = name[4:]
        quoted = (f'"{name}"', f"ma'rk'{digits}", f"\\{name}", f"$'\\x6dark'{digits}")
        return self._any(*quoted, f"m\\\nark{digits}", f"m${{z}}{name[1:]}")

    def _command(self) -> str:
        words = [self._assignment() for _ in range(2) if self._chance(0.1)]
        words += [self._redirect()] if not self._ordinary and self._chance(0.1) else []
        words += [self._marker()] if self._chance(0.8) else [self._any("echo", "true", ":", "false", "printf %s")]
        words += [self._word() for _ in range(self._random.choice((0, 0, 1, 2)))]
        words += [self._redirect() for _ in range(2) if self._chance(0.15)]
        words += [self._word()] if not self._ordinary and self._chance(0.1) else []
        return "".join(word + self._blank() for word in words[:-1]) + words[-1]

    def _blank(self) -> str:
        return self._any(" ", " ", " ", " ", " ", "  ", "\t", " \\\n", " \\\n  ")

    def _assignment(self) -> str:
        values = (self._word,) if self._ordinary else (self._word, lambda: f"({self._words(2)})", lambda: "")
        return f"{self._any('x', 'y', 'long_name')}{self._any('=', '=', '=', '+=')}{self._pick(*values)}"

    def _redirect(self) -> str:
        if self._chance(0.25):
            return self._heredoc()
        if self._chance(0.25):
            return f"<<<{self._any('', ' ')}{self._word()}"
        return self._any(
            ">/dev/null", "2>/dev/null", "2>&1", "> /dev/null", "</dev/null", ">>/dev/null", "&>/dev/null", ">&2"
        )

    def _words(self, count: int) -> str:
        return " ".join(self._word() for _ in range(count))

    def _word(self) -> str:
        if self._chance(0.8) or self._depth > 4:
            return self._plain()
        return "".join(self._part() for _ in range(1 if self._ordinary else self._random.randint(1, 2)))

    def _plain(self) -> str:
        plain = ("a", "b-c", "--opt=1", "-n", "'a b'", '"a b"', '"$x"', "$x", "12", "'it`s'", "'$(mark99)'", "a=b")
        odd = ("@", "\\`", "\\$x", "\\ ", "~", "$'it\\'s'", '$"a"', "$?", "${#x}", "*", "if", "\\#", "a#b", '"\\`"')
        return self._any(*plain, *(() if self._ordinary else odd))

    def _part(self) -> str:
        self._depth += 1
        try:
            if self._depth > 4:
                return self._plain()
            ordinary = (self._plain, self._substitution, self._quoted_substitution, self._default)
            odd = (
                self._backticks,
                self._quoted_backticks,
                self._expansion,
                self._expansion,
                self._arithmetic,
                self._process,
            )
            return self._pick(*ordinary, *(() if self._ordinary else odd))
        finally:
            self._depth -= 1

    def _inner(self) -> str:
        """Return statements inside a substitution, with here-documents of their own."""
        outer, self._pending = self._pending, []
        text = self._body() + self._flush()
        self._pending = outer
        return text

    def _substitution(self) -> str:
        return f"$({self._any('', '', ' ')}{self._inner()}{'' if self._ordinary else self._blank_or_newline('')})"

    def _quoted_substitution(self) -> str:
        return f'"{self._any("", "a ")}{self._substitution()}"'

    def _backticks(self) -> str:
        inner = self._inner().replace("\\", "\\\\").replace("`", "\\`")
        return f"`{inner}`"

    def _quoted_backticks(self) -> str:
        return f'"{self._any("", "a ")}{self._backticks()}{self._any("", " b")}"'

    def _default(self) -> str:
        return f"${{x{self._any(':-', '-', ':+')}{self._plain()}}}"

    def _expansion(self) -> str:
        operator = self._any(*_OPERATORS)
        name, end = self._any("x", "y", "PWD", "1", "@"), self._any("", "", f"/{self._plain()}")
        text = f"${{{name}{operator}{self._word()}{end}}}"
        return text if self._chance(0.6) else f'"{text}"'

    def _arithmetic(self) -> str:
        inner = self._any(
            "1+1", "x", "1 << 2", f"1 + {self._part()}", f"{self._substitution()}", f"a[{self._substitution()}]"
        )
        return self._any(f"$(({inner}))", f'"$(( {inner} ))"', f"$[{inner}]", f"${{a[{inner}]}}")

    def _process(self) -> str:
        return f"<({self._inner()})"


def executed(texts: Sequence[str], folder: Path) -> list[frozenset[str]]:
    """Return the markers that bash executes of each text.

    bash has an empty PATH, so that it can start no program, and limits of processor time and file size.
    """
    found: list[frozenset[str]] = []
    for start in range(0, len(texts), _BATCH):
        found += _executed(texts[start : start + _BATCH], folder)
    return found


def _executed(texts: Sequence[str], folder: Path) -> list[frozenset[str]]:
    result = folder / "executed"
    lines = ["ulimit -t 60 -f 20000 2>/dev/null", f"exec 9>{result} </dev/null >/dev/null 2>&1"]
    lines += [f"mark{n}() {{ echo $__text mark{n} >&9; }}" for n in range(MARKERS)]
    lines += ["PATH="]
    for number, text in enumerate(texts):
        quoted = "'" + text.replace("'", "'\\''") + "'"
        lines.append(f"( __text={number} x=a; eval {quoted}\nwait )")
    script = folder / "texts.sh"
    script.write_text("\n".join(lines))
    subprocess.run(
        ["bash", "--norc", str(script)],
        check=False,
        timeout=60,
        cwd=folder,
        env={"LC_ALL": "C.UTF-8"},
        stderr=subprocess.DEVNULL,
    )
    found: list[set[str]] = [set() for _ in texts]
    for line in result.read_text().splitlines():
        number, marker = line.split()
        found[int(number)].add(marker)
    return [frozenset(markers) for markers in found]
