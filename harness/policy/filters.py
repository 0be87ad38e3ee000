"""Which options and operands each text filter may have: every file of this machine is out of its reach.

Long options have to be written out: GNU programs take any beginning of them, so only exact names can be told apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field

from harness.bash.analyse import Word

HARMLESS_FILES = ("-", "/dev/null", "/dev/stdin")
_CUT = r"(?:\\.|(?!(?P=d))[^\\\n])*"
_ADDRESS = r"(?:\d+|\$|/(?:\\.|[^/\\\n])*/I?)"
_SED_SUBSTITUTE = rf"[sy](?P<d>[/|,#:@!]){_CUT}(?P=d){_CUT}(?P=d)[gpiI0-9]*"
_SED = re.compile(rf"\s*(?:{_ADDRESS}(?:,\+?{_ADDRESS})?\s*!?\s*)?(?:{_SED_SUBSTITUTE}|[pdqnNDGhHx=]|)\s*(?:[;\n]|$)")
_AWK_REGEX = re.compile(r'(^|[~(!,{&|;])(\s*)/[^/"\n;{}]*/')


@dataclass(frozen=True)
class Filter:
    """`flags`, `values`: short options without and with a value; `words`: long ones, `=` behind those with a value;
    `operands`: how many words come before files; `files`: whether `harmless` decides about files (else there are
    none)."""

    flags: str = ""
    values: str = ""
    words: str = ""
    operands: int = 0
    program_options: str = ""
    """Options whose value takes the place of the first operand (`grep -e`)."""
    check: Callable[[str], str] = field(default=lambda text: "")
    """What is wrong with the first operand (an awk or sed program), "" for nothing."""


def awk_refusal(text: str) -> str:
    """awk can run programs and write files; the few words it does that by are looked for everywhere, strings
    included."""
    found = re.search(r"system|getline|ARGV|ARGC|@|close|fflush|print.*>", text, re.DOTALL)
    if found:
        return f"awk's `{found[0]}` can run programs or reach files"
    if re.search(r"(?<!\|)\|(?!\|)", _AWK_REGEX.sub(r"\1\2", text)):
        return "awk's `|` runs a program"
    return ""


def sed_refusal(text: str) -> str:
    """Only s, y, p, d, q, n, N, D, G, h, H, x and = are known to reach no file and no program."""
    at = 0
    while at < len(text):
        found = _SED.match(text, at)
        if not found or found.end() == at:
            return f"sed's `{text[at:]}` is not a plain substitution, print or delete"
        at = found.end()
    return ""


def jq_refusal(text: str) -> str:
    return "jq's modules are files" if re.search(r"\b(import|include)\b", text) else ""


_GREP = Filter(
    "EFGPivwxcoqshHnLlabzyTUI0123456789", "eABCm",
    "ignore-case invert-match count only-matching line-number extended-regexp fixed-strings perl-regexp word-regexp "
    "line-regexp quiet silent no-messages line-buffered text color colour color= colour= "
    "context= after-context= before-context= max-count= regexp=",
    operands=1, program_options="e regexp",
)  # fmt: skip

FILTERS = {
    "grep": _GREP,
    "egrep": _GREP,
    "fgrep": _GREP,
    "head": Filter("qvz0123456789", "nc", "lines= bytes= quiet silent"),
    "tail": Filter("qvfFz0123456789", "ncs", "lines= bytes= quiet silent follow"),
    "cat": Filter("AbeEnstTuv", "", "number show-all"),
    "tac": Filter(),
    "rev": Filter(),
    "nl": Filter("p", "bnswv"),
    "wc": Filter("clmwL", "", "lines words chars bytes"),
    "sort": Filter(
        "bdfgiMhnRrVcCmsuz", "kt", "reverse numeric-sort unique human-numeric-sort ignore-case key= field-separator="
    ),
    "uniq": Filter("cdDiuz", "fsw", "count repeated unique ignore-case"),
    "cut": Filter("nsz", "bcdf", "delimiter= fields= characters= output-delimiter= complement only-delimited"),
    "tr": Filter("cCdst", "", "delete squeeze-repeats complement", operands=2),
    "column": Filter("txe", "sNRo", "table separator="),
    "base64": Filter("di", "w", "decode wrap="),
    "seq": Filter("w", "sf", operands=9),
    "jq": Filter(
        "cnrRaSCMesj",
        "",
        "raw-output compact-output slurp exit-status sort-keys raw-input null-input tab",
        1,
        "",
        jq_refusal,
    ),
    "awk": Filter("", "Fv", "", 1, "", awk_refusal),
    "sed": Filter("nErsuz", "e", "quiet silent regexp-extended expression=", 1, "e expression", sed_refusal),
}


def filter_refusals(
    program: str, arguments: Sequence[Word], harmless: Callable[[str], bool] = HARMLESS_FILES.__contains__
) -> Iterator[str]:
    """Why this call may not run. `harmless`: which files may be read."""
    spec = FILTERS[program]
    operands: list[Word] = []
    programs = yield from _options(program, spec, list(arguments), operands)
    count = 0 if programs else spec.operands
    for text in programs or [word.text for word in operands[:count][:1]]:
        if why := spec.check(text):
            yield f"{program}: {why}"
    for word in operands[:count]:
        if word.computed and not (program.endswith("grep") and word.quoted) and not word.head:
            yield f"{program}: `{word.raw}` is only known when it runs and could be a file; put it in double quotes"
    for word in operands[count:]:
        if word.computed or not harmless(word.text):
            yield f"{program}: reads the file `{word.raw}`"


def _options(program: str, spec: Filter, words: list[Word], operands: list[Word]) -> Generator[str, None, list[str]]:
    """Sorts the operands out, yields what is refused; returns the values of the options that stand for a program."""
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
    known = spec.words.split()
    if (equals and f"{name}=" not in known) or (not equals and name not in known and f"{name}=" not in known):
        yield f"{program}: the option `--{name}` is not among those that are known to be harmless"
    elif f"{name}=" in known and not equals and name not in known and words:
        value = words.pop(0).text
    if name in spec.program_options.split():
        programs.append(value)


def _short(program: str, spec: Filter, word: Word, words: list[Word], programs: list[str]) -> Iterator[str]:
    letters = word.text[1:]
    for place, letter in enumerate(letters):
        if letter in spec.values:
            value = letters[place + 1 :] or (words.pop(0).text if words else "")
            if letter in spec.program_options.split():
                programs.append(value)
            return
        if letter not in spec.flags:
            yield f"{program}: the option `-{letter}` is not among those that are known to be harmless"
            return
