"""Checks the options and operands of text filters (grep, sed, awk…), so that they access no file of this machine.

Long options must be written in full: GNU programs accept any unique prefix, and only full names can be checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field

from harness.bash.script import Word
from harness.policy.names import NOT_ALLOWED, split_refusal

READABLE_FILES = ("-", "/dev/null", "/dev/stdin")
_CUT = r"(?:\\.|(?!(?P=d))[^\\\n])*"
_ADDRESS = r"(?:\d+|\$|/(?:\\.|[^/\\\n])*/I?)"
_SED_SUBSTITUTE = rf"[sy](?P<d>[/|,#:@!]){_CUT}(?P=d){_CUT}(?P=d)[gpiI0-9]*"
_SED = re.compile(rf"\s*(?:{_ADDRESS}(?:,\+?{_ADDRESS})?\s*!?\s*)?(?:{_SED_SUBSTITUTE}|[pdqnNDGhHx=]|)\s*(?:[;\n]|$)")
_AWK_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|#[^\n]*|\|\||\s+|.', re.DOTALL)
_AWK_REGEX = re.compile(r'/(?:\\[^\n]|[^/"\\\n;{}\[])*/')


@dataclass(frozen=True)
class Filter:
    """The options and operands that one filter may have."""

    flags: str = ""
    """Short options without a value."""
    values: str = ""
    """Short options with a value."""
    long: str = ""
    """Long options, separated by blanks; those with a value end in `=`."""
    operands: int = 0
    """How many operands come before the files."""
    program_options: str = ""
    """Options whose value replaces the first operand (`grep -e`)."""
    check: Callable[[str], str] = field(default=lambda text: "")
    """Returns why the first operand (an awk, sed or jq program) is refused, "" if it is not."""


def awk_refusal(text: str) -> str:
    """Return why an awk program is refused. The names that run programs or access files are searched for everywhere,
    also in strings."""
    found = re.search(r"system|getline|ARGV|ARGC|@|close|fflush|print.*>", text, re.DOTALL)
    if found:
        return f"`{found[0]}` can run programs or access files"
    return "`|` runs a program" if "|" in _awk_tokens(text) else ""


def _awk_tokens(text: str) -> Iterator[str]:
    """Yield the tokens of an awk program that are no blanks: strings, comments, regular expressions, `||`, letters.

    A `/` begins a regular expression only where no value can stand before it; otherwise it divides.
    """
    at, before = 0, ""
    while at < len(text):
        regex = _AWK_REGEX.match(text, at) if before in ("", *"~(!,{&;\n", "||") else None
        found = regex or _AWK_TOKEN.match(text, at)
        token = found[0] if found else text[at]
        at += len(token)
        if not token.isspace() or "\n" in token:
            before = "\n" if token.isspace() else token
            yield token


def sed_refusal(text: str) -> str:
    """Return why a sed program is refused. Only s, y, p, d, q, n, N, D, G, h, H, x and = are allowed."""
    at = 0
    while at < len(text):
        found = _SED.match(text, at)
        if not found or found.end() == at:
            return f"`{text[at:]}` is not a plain substitution, print or delete command"
        at = found.end()
    return ""


def jq_refusal(text: str) -> str:
    """Return why a jq program is refused."""
    return "`import` and `include` read a file" if re.search(r"\b(import|include)\b", text) else ""


_GREP = Filter(
    flags="EFGPivwxcoqshHnLlabzyTUI0123456789",
    values="eABCm",
    long="ignore-case invert-match count only-matching line-number extended-regexp fixed-strings perl-regexp "
    "word-regexp line-regexp quiet silent no-messages line-buffered text color colour color= colour= "
    "context= after-context= before-context= max-count= regexp=",
    operands=1,
    program_options="e regexp",
)
_SORT_LONG = "reverse numeric-sort unique human-numeric-sort ignore-case key= field-separator="
_CUT_LONG = "delimiter= fields= characters= output-delimiter= complement only-delimited"
_JQ_LONG = "raw-output compact-output slurp exit-status sort-keys raw-input null-input tab"
_SED_LONG = "quiet silent regexp-extended expression="

FILTERS = {
    "grep": _GREP,
    "egrep": _GREP,
    "fgrep": _GREP,
    "head": Filter(flags="qvz0123456789", values="nc", long="lines= bytes= quiet silent"),
    "tail": Filter(flags="qvfFz0123456789", values="ncs", long="lines= bytes= quiet silent follow"),
    "cat": Filter(flags="AbeEnstTuv", long="number show-all"),
    "tac": Filter(),
    "rev": Filter(),
    "nl": Filter(flags="p", values="bnswv"),
    "wc": Filter(flags="clmwL", long="lines words chars bytes"),
    "sort": Filter(flags="bdfgiMhnRrVcCmsuz", values="kt", long=_SORT_LONG),
    "uniq": Filter(flags="cdDiuz", values="fsw", long="count repeated unique ignore-case"),
    "cut": Filter(flags="nsz", values="bcdf", long=_CUT_LONG),
    "tr": Filter(flags="cCdst", long="delete squeeze-repeats complement", operands=2),
    "column": Filter(flags="txe", values="sNRo", long="table separator="),
    "base64": Filter(flags="di", values="w", long="decode wrap="),
    "seq": Filter(flags="w", values="sf", operands=9),
    "jq": Filter(flags="cnrRaSCMesj", long=_JQ_LONG, operands=1, check=jq_refusal),
    "awk": Filter(values="Fv", operands=1, check=awk_refusal),
    "sed": Filter(
        flags="nErsuz", values="e", long=_SED_LONG, operands=1, program_options="e expression", check=sed_refusal
    ),
}


def filter_refusals(program: str, arguments: Sequence[Word], readable: Callable[[str], bool]) -> Iterator[str]:
    """Yield why this call may not run. `readable` returns whether a file may be read."""
    spec = FILTERS[program]
    yield from (f"{program}: {why}" for word in arguments if (why := split_refusal(word)))
    operands: list[Word] = []
    programs = yield from _options(program, spec, list(arguments), operands)
    count = 0 if programs else spec.operands
    for text in programs or [word.text for word in operands[:count][:1]]:
        if why := spec.check(text):
            yield f"{program}: {why}"
    for word in operands[:count]:
        if word.computed and not program.endswith("grep") and not word.head:
            yield f"{program}: `{word.raw}` is only known at run time; write it out"
    for word in operands[count:]:
        if word.computed or not readable(word.text):
            yield f"{program}: reads the file `{word.raw}`"


def _options(program: str, spec: Filter, words: list[Word], operands: list[Word]) -> Generator[str, None, list[str]]:
    """Append the operands to `operands` and yield the refusals; return the values of the program options."""
    programs: list[str] = []
    while words:
        word = words.pop(0)
        if word.text == "--":
            operands += words
            break
        if word.text == "-" or not word.text.startswith("-"):
            operands.append(word)
        elif word.text.startswith("--"):
            yield from _long(program, spec, word, words, programs)
        else:
            yield from _short(program, spec, word, words, programs)
    return programs


def _long(program: str, spec: Filter, word: Word, words: list[Word], programs: list[str]) -> Iterator[str]:
    name, equals, value = word.text[2:].partition("=")
    known = spec.long.split()
    if (equals and f"{name}=" not in known) or (not equals and name not in known and f"{name}=" not in known):
        yield f"{program} --{name}: {NOT_ALLOWED}"
    elif f"{name}=" in known and not equals and name not in known and words:
        value = words.pop(0).text
    if name in spec.program_options.split():
        programs.append(value)


def _short(program: str, spec: Filter, word: Word, words: list[Word], programs: list[str]) -> Iterator[str]:
    letters = word.text[1:]
    for index, letter in enumerate(letters):
        if letter in spec.values:
            value = letters[index + 1 :] or (words.pop(0).text if words else "")
            if letter in spec.program_options.split():
                programs.append(value)
            return
        if letter not in spec.flags:
            yield f"{program} -{letter}: {NOT_ALLOWED}"
            return
