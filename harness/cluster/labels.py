"""The API server's rules for labels: `[PREFIX/]NAME`, and a value of at most 63 bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

LONGEST, LONGEST_PREFIX = 63, 253
NAME = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
DOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
ENDS = "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
NAME_RULE = f"{ENDS} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{NAME}')"
VALUE_RULE = (
    f"a valid label must be an empty string or {ENDS}"
    f" (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '({NAME})?')"
)
DOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and"
    " end with an alphanumeric character (e.g. 'example.com', regex used for validation is"
    f" '{DOMAIN}')"
)


def value_problem(value: str) -> str:
    """Why a text is no value of a label; "" if it is one."""
    if len(value.encode()) > LONGEST:
        return f"must be no more than {LONGEST} bytes"
    return "" if re.fullmatch(f"({NAME})?", value, re.ASCII) else VALUE_RULE


def key_problem(key: str) -> str:
    """Why a text is no key of a label or an annotation; "" if it is one."""
    *prefix, name = key.split("/")
    if len(prefix) > 1:
        optional = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        return f"a valid label key must {NAME_RULE} {optional}"
    if prefix and not prefix[0]:
        return "prefix part must be non-empty"
    if prefix and (len(prefix[0]) > LONGEST_PREFIX or not re.fullmatch(DOMAIN, prefix[0], re.ASCII)):
        return f"prefix part {DOMAIN_RULE}"
    if not name:
        return "name part must be non-empty"
    if len(name.encode()) > LONGEST:
        return f"name part must be no more than {LONGEST} bytes"
    return "" if re.fullmatch(NAME, name, re.ASCII) else f"name part must {NAME_RULE}"


def problems(labels: Mapping[str, str], annotations: Mapping[str, str]) -> Iterator[str]:
    """What the API server says about the metadata of an object."""
    for field, keys in (("labels", labels), ("annotations", annotations)):
        for key in keys:
            if why := key_problem(key):
                yield f'metadata.{field}: Invalid value: "{key}": {why}'
    for value in labels.values():
        if why := value_problem(value):
            yield f'metadata.labels: Invalid value: "{value}": {why}'
