"""Checks what curl may access: the platform's own Services over HTTP, and no file of this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from harness.bash.script import Word
from harness.policy.names import NOT_ALLOWED, names, split_refusal

_LABEL = r"[a-z](?:[-a-z0-9]*[a-z0-9])?"
_THIS_MACHINE = ("localhost", "127.0.0.1")
_SHORT, _SHORT_VALUES = "sSfiIvkgG46N#", "mXHdAweuob"
_LONG = names(
    "silent show-error fail fail-with-body include head verbose insecure globoff get ipv4 ipv6 no-buffer "
    "compressed http1.1 http1.0 no-progress-meter no-keepalive retry-connrefused retry-all-errors"
)
_LONG_VALUES = names(
    "max-time connect-timeout request header data data-raw data-binary data-urlencode data-ascii json url "
    "user-agent write-out output user referer cookie retry retry-delay retry-max-time"
)
_REFUSED = {
    **dict.fromkeys(names("L location location-trusted"), "follows redirects to any host"),
    **dict.fromkeys(names("K config q disable"), "uses another configuration than the sandbox's"),
    **dict.fromkeys(names("T upload-file F form"), "sends a file of this machine"),
    **dict.fromkeys(
        names("x proxy socks5 preproxy connect-to resolve unix-socket interface"),
        "bypasses the sandbox's name resolution",
    ),
    **dict.fromkeys(names("O remote-name D dump-header c cookie-jar trace trace-ascii"), "writes a file"),
}
_LONG_NAMES = {
    "m": "max-time",
    "X": "request",
    "H": "header",
    "d": "data",
    "A": "user-agent",
    "w": "write-out",
    "o": "output",
    "b": "cookie",
}


def host_refusal(url: str, namespace: str, *, in_pod: bool, computed: bool = False) -> str:
    """Return why curl may not call this URL, "" if it may. A missing scheme is read as http, as curl does."""
    scheme, _, rest = url.partition("://") if "://" in url else ("http", "", url)
    authority, path = re.match(r"([^/?#]*)(.*)", rest, re.S).groups()  # type: ignore[union-attr]
    if scheme.lower() not in ("http", "https"):
        return f"{url}: only http and https are allowed"
    if re.search(r"[$`]", authority) or (computed and not path):
        return f"{url}: the host is only known at run time; write it out"
    found = re.fullmatch(r"([^:@\[\]{}\\%]+)(?::\d{1,5})?", authority)
    host = found[1].lower() if found else authority
    if host in _THIS_MACHINE:
        return "" if in_pod else f"{url}: {host} is this machine; it is the pod only inside `kubectl exec`"
    inside = rf"{_LABEL}(\.{re.escape(namespace)}|\.{_LABEL}\.svc(\.cluster\.local)?)?"
    return "" if found and re.fullmatch(inside, host) else f"{url}: {host} is not the name of a Service"


def curl_refusals(arguments: Sequence[Word], namespace: str, *, in_pod: bool) -> Iterator[str]:
    """Yield why this curl may not run. `in_pod`: it runs inside `kubectl exec`."""
    yield from (f"curl: {why}" for word in arguments if (why := split_refusal(word)))
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
    if name in _LONG:
        return
    if name not in _LONG_VALUES:
        yield f"curl --{name}: {_REFUSED.get(name, NOT_ALLOWED)}"
        return
    value = words.pop(0) if words else Word("", "")
    if name == "url" and (why := host_refusal(value.text, namespace, in_pod=in_pod, computed=value.computed)):
        yield f"curl {why}"
    yield from _curl_value(name, value)


def _curl_letters(letters: str, words: list[Word]) -> Iterator[str]:
    for index, letter in enumerate(letters):
        if letter in _SHORT_VALUES:
            rest = letters[index + 1 :]
            value = Word(rest, rest) if rest else words.pop(0) if words else Word("", "")
            yield from _curl_value(_LONG_NAMES.get(letter, letter), value)
            return
        if letter not in _SHORT:
            yield f"curl -{letter}: {_REFUSED.get(letter, NOT_ALLOWED)}"
            return


def _curl_value(name: str, value: Word) -> Iterator[str]:
    text = value.text
    if name == "output" and text not in ("/dev/null", "-"):
        yield f"curl -o {value.raw}: writes a file; only /dev/null is allowed"
    if name == "write-out" and (text.startswith("@") or "output{" in text):
        yield f"curl -w {value.raw}: reads or writes a file"
    if name == "cookie" and "=" not in text:
        yield f"curl -b {value.raw}: reads a file of this machine"
    sends = name in ("header", "json") or name.startswith("data")
    reads = "@" in text if name == "data-urlencode" else text.startswith("@")
    if sends and name != "data-raw" and (reads or (value.computed and not value.head)):
        yield f"curl --{name} {value.raw}: may read a file of this machine"
