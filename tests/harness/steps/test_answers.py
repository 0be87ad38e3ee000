"""Changes that no Deployment shows: what a service or a database has accepted."""

import pytest

from harness.bash.parse import parse
from harness.steps.answers import accepted

CREATED = ("HTTP/1.1 201 Created",)


@pytest.mark.parametrize(
    ("text", "http", "changed"),
    [
        ("curl -X POST http://api:8080/flush", CREATED, ("POST http://api:8080/flush: 201 Created",)),
        ("curl -s -d x=1 api:8080/flush | cat", CREATED, ("POST http://api:8080/flush: 201 Created",)),
        ("curl -XDELETE http://api/cache", ("HTTP/2 204",), ("DELETE http://api/cache: 204",)),
        ("curl http://api:8080/health", CREATED, ()),
        ("curl -X GET -d x http://api:8080/health", CREATED, ()),
        ("curl -X POST http://api:8080/flush", ("HTTP/1.1 503 Service Unavailable",), ()),
        ("curl -X POST http://api:8080/flush", ("HTTP/1.1 302 Found",), ()),
        ("curl -X POST http://api:8080/flush", (), ()),
        ("curl -X POST http://api/a; curl http://api/b", CREATED, ()),
    ],
)
def test_request_that_a_service_accepted_is_a_change(
    text: str, http: tuple[str, ...], changed: tuple[str, ...]
) -> None:
    assert accepted(parse(text), http, "") == changed


@pytest.mark.parametrize(
    ("text", "stdout", "changed"),
    [
        ("kubectl exec deploy/api -- psql -c 'DELETE FROM jobs'", "DELETE 3\n", ("database: DELETE 3",)),
        ("kubectl exec deploy/api -- psql -c 'DELETE FROM jobs'", "DELETE 0\n", ()),
        ("kubectl exec deploy/api -- psql -c 'CREATE INDEX i ON t (a)'", "CREATE INDEX\n", ("database: CREATE INDEX",)),
        ("kubectl exec deploy/api -- psql -c 'INSERT …'", "INSERT 0 1\n", ("database: INSERT 0 1",)),
        ("kubectl exec deploy/api -- psql -c 'SELECT 1'", "SELECT 1\n", ()),
        ("kubectl exec deploy/api -- cat notes", "DELETE 3\n", ()),
        ("echo DELETE 3", "DELETE 3\n", ()),
    ],
)
def test_rows_that_psql_changed_are_a_change(text: str, stdout: str, changed: tuple[str, ...]) -> None:
    assert accepted(parse(text), (), stdout) == changed
