"""How far kubectl, curl and psql may reach: the platform's own services and API, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from harness.bash.analyse import Call, Word
from harness.policy.classify import flags_before_verb, listed, positionals

_LABEL = r"[a-z](?:[-a-z0-9]*[a-z0-9])?"
_LOCAL = ("localhost", "127.0.0.1")

_LEAVES = "leaves the sandbox or the credentials that it was given"
_FILES = "reads or writes files of this machine"
_KUBECTL_FLAGS = {
    **dict.fromkeys(
        listed(
            "kubeconfig context cluster server token user username password as as-group as-uid "
            "insecure-skip-tls-verify certificate-authority client-certificate client-key tls-server-name raw"
        ),
        _LEAVES,
    ),
    **dict.fromkeys(
        listed(
            "filename kustomize from-file from-env-file env-file patch-file output-directory cache-dir profile "
            "profile-output log-file log-dir template overrides image-pull-policy"
        ),
        _FILES,
    ),
}
_KUBECTL_VERBS = {
    **dict.fromkeys(listed("port-forward proxy"), "opens a port of this machine"),
    **dict.fromkeys(listed("cp kustomize plugin completion"), _FILES),
    **dict.fromkeys(listed("attach edit debug"), "needs a person at a terminal"),
    **dict.fromkeys(listed("apply create replace run"), "makes objects that nobody has looked at"),
    **dict.fromkeys(listed("certificate convert"), _LEAVES),
}
_VALUE_LETTERS = "nloscvLpk"

_CURL_SHORT, _CURL_SHORT_VALUES = "sSfiIvkgG46N#", "mXHdAweuob"
_CURL_LONG = listed(
    "silent show-error fail fail-with-body include head verbose insecure globoff get ipv4 ipv6 no-buffer "
    "compressed http1.1 http1.0 no-progress-meter no-keepalive retry-connrefused retry-all-errors"
)
_CURL_LONG_VALUES = listed(
    "max-time connect-timeout request header data data-raw data-binary data-urlencode data-ascii json url "
    "user-agent write-out output user referer cookie retry retry-delay retry-max-time"
)
_CURL_REASONS = {
    **dict.fromkeys(listed("L location location-trusted"), "goes wherever the answer sends it"),
    **dict.fromkeys(listed("K config q disable"), "reads another configuration than the sandbox's"),
    **dict.fromkeys(listed("T upload-file F form"), "sends a file of this machine"),
    **dict.fromkeys(
        listed("x proxy socks5 preproxy connect-to resolve unix-socket interface"), "goes past the sandbox's names"
    ),
    **dict.fromkeys(listed("O remote-name D dump-header c cookie-jar trace trace-ascii"), "writes a file"),
}
_NAMES = {
    "m": "max-time",
    "X": "request",
    "H": "header",
    "d": "data",
    "A": "user-agent",
    "w": "write-out",
    "o": "output",
    "b": "cookie",
}

_PSQL_FLAGS, _PSQL_VALUES = "tAxqwXae1E", "chpUdPFRv"


def kubectl_refusals(call: Call) -> Iterator[str]:
    """Why this kubectl may not run; the inner command of `exec` is looked at elsewhere."""
    argv = list(call.argv[1:])
    own = argv[: argv.index("--")] if "--" in argv else argv
    verbs = positionals(own)[:2]
    computed = {word.text for word in call.arguments if word.computed}
    for flag in flags_before_verb(own):
        if not re.fullmatch(r"-n.*|--namespace(=.*)?|-A|--all-namespaces", flag):
            yield f"kubectl {flag}: before the verb only -n may stand, so that it is certain which word the verb is"
    if verbs and verbs[0] in computed:
        yield f"kubectl: the verb `{verbs[0]}` is only known when it runs"
    if verbs and (why := _KUBECTL_VERBS.get(verbs[0])):
        yield f"kubectl {verbs[0]}: {why}"
    if verbs[:1] == ["config"] and verbs[1:] not in (["view"], ["current-context"], ["get-contexts"]):
        yield f"kubectl config {' '.join(verbs[1:])}: {_LEAVES}"
    for flag in own:
        yield from _kubectl_flag(flag, verbs)


def _kubectl_flag(flag: str, verbs: Sequence[str]) -> Iterator[str]:
    if flag.startswith("--"):
        if why := _KUBECTL_FLAGS.get(flag[2:].partition("=")[0]):
            yield f"kubectl {flag}: {why}"
    elif re.match("-[a-zA-Z]", flag):
        for letter in flag[1:]:
            if letter == "s":
                yield f"kubectl {flag}: {_LEAVES}"
            if letter == "k" or (letter == "f" and verbs[:1] != ["logs"]):
                yield f"kubectl {flag}: {_FILES}"
            if letter in _VALUE_LETTERS:
                break
    if re.search(r"(jsonpath|custom-columns|go-template|template)-file\b|^templatefile", flag):
        yield f"kubectl {flag}: {_FILES}"


def host_refusal(url: str, namespace: str, *, in_pod: bool, computed: bool = False) -> str:
    """Why curl may not call this; "" where it may. `http(s)://` is added where it was left out, as curl does."""
    scheme, _, rest = url.partition("://") if "://" in url else ("http", "", url)
    authority, rest_of_it = re.match(r"([^/?#]*)(.*)", rest, re.S).groups()  # type: ignore[union-attr]
    if scheme.lower() not in ("http", "https"):
        return f"{url}: only http and https may be called"
    if re.search(r"[$`]", authority) or (computed and not rest_of_it):
        return f"{url}: which host this calls is only known when it runs"
    found = re.fullmatch(r"([^:@\[\]{}\\%]+)(?::\d{1,5})?", authority)
    host = found[1].lower() if found else authority
    if host in _LOCAL:
        return "" if in_pod else f"{url}: {host} is this machine here; only within `kubectl exec` is it the pod"
    inside = rf"{_LABEL}(\.{re.escape(namespace)}|\.{_LABEL}\.svc(\.cluster\.local)?)?"
    return "" if found and re.fullmatch(inside, host) else f"{url}: {host} is not the name of a service"


def curl_refusals(arguments: Sequence[Word], namespace: str, *, in_pod: bool) -> Iterator[str]:
    """Why this curl may not run."""
    words = list(arguments)
    while words:
        word = words.pop(0)
        if not word.text.startswith("-"):
            refusal = host_refusal(word.text, namespace, in_pod=in_pod, computed=word.computed)
            yield from [f"curl {refusal}"] if refusal else []
        elif word.text.startswith("--"):
            yield from _curl_option(word.text[2:], words, namespace, in_pod=in_pod)
        else:
            yield from _curl_letters(word.text[1:], words)


def _curl_option(name: str, words: list[Word], namespace: str, *, in_pod: bool) -> Iterator[str]:
    if name in _CURL_LONG:
        return
    if name not in _CURL_LONG_VALUES:
        yield f"curl --{name}: {_CURL_REASONS.get(name, 'not among the options that are known to be harmless')}"
        return
    value = words.pop(0) if words else Word("", "")
    if name == "url" and (why := host_refusal(value.text, namespace, in_pod=in_pod, computed=value.computed)):
        yield f"curl {why}"
    yield from _curl_value(name, value)


def _curl_letters(letters: str, words: list[Word]) -> Iterator[str]:
    for place, letter in enumerate(letters):
        if letter in _CURL_SHORT_VALUES:
            rest = letters[place + 1 :]
            value = Word(rest, rest) if rest else words.pop(0) if words else Word("", "")
            yield from _curl_value(_NAMES.get(letter, letter), value)
            return
        if letter not in _CURL_SHORT:
            yield f"curl -{letter}: {_CURL_REASONS.get(letter, 'not among the options that are known to be harmless')}"
            return


def _curl_value(name: str, value: Word) -> Iterator[str]:
    text = value.text
    if name == "output" and text not in ("/dev/null", "-"):
        yield f"curl -o {value.raw}: writes a file; only /dev/null may be written"
    if name == "write-out" and (text.startswith("@") or "output{" in text):
        yield f"curl -w {value.raw}: {_FILES}"
    if name == "cookie" and "=" not in text:
        yield f"curl -b {value.raw}: {_FILES}"
    sends = name in ("header", "json") or name.startswith("data")
    reads = "@" in text if name == "data-urlencode" else text.startswith("@")
    if sends and name != "data-raw" and (reads or (value.computed and not value.head)):
        yield f"curl --{name} {value.raw}: may read a file of this machine"


def psql_refusals(arguments: Sequence[Word], namespace: str) -> Iterator[str]:
    """Why this psql, in a pod, may not run: its files, its programs, its other hosts."""
    words = list(arguments)
    while words:
        word = words.pop(0)
        if not word.text.startswith("-"):
            yield from _database(word.text, namespace)
        elif word.text.startswith("--"):
            name, equals, value = word.text[2:].partition("=")
            if name not in (
                "command",
                "tuples-only",
                "no-align",
                "expanded",
                "quiet",
                "no-psqlrc",
                "csv",
                "no-password",
            ):
                yield f"psql --{name}: not among the options that are known to be harmless"
            elif name == "command":
                yield from _sql(value if equals else words.pop(0).text if words else "")
        else:
            yield from _psql_letters(word.text[1:], words, namespace)


def _psql_letters(letters: str, words: list[Word], namespace: str) -> Iterator[str]:
    for place, letter in enumerate(letters):
        if letter in _PSQL_VALUES:
            value = letters[place + 1 :] or (words.pop(0).text if words else "")
            yield from _sql(value) if letter == "c" else _database(f"//{value}/" if letter == "h" else value, namespace)
            return
        if letter not in _PSQL_FLAGS:
            yield f"psql -{letter}: not among the options that are known to be harmless"
            return


def _database(text: str, namespace: str) -> Iterator[str]:
    """A database's name may be anything; a URL or a host has to be a service."""
    found = re.match(r"(?:\w+:)?//(?:[^@/]*@)?([^/?]*)", text)
    if found and (why := host_refusal(f"http://{found[1]}/", namespace, in_pod=True)):
        yield f"psql {why.removeprefix('http://')}"
    if (
        (not found and re.search(r"\bhost(addr)?\s*=|[?&]host", text))
        or "passfile" in text
        or ("service" in text and "=" in text)
    ):
        yield f"psql {text}: where this leads has to be written as a URL"


def _sql(text: str) -> Iterator[str]:
    if re.search(r"\\(?!(d\w*\+?|l\+?|x|conninfo|timing)\b)", text):
        yield f"psql: `{text.strip()}` holds a command that can run programs or reach files"
    if re.search(
        r"\bcopy\b|pg_read|pg_ls|pg_stat_file|lo_import|lo_export|dblink|\bload\b|\bdo\b|\bfunction\b|\bextension\b",
        text,
        re.I,
    ):
        yield f"psql: `{text.strip()}` reaches beyond the database"
