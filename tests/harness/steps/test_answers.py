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


@pytest.mark.parametrize(
    ("command", "stdout", "changed"),
    [
        ("redis-cli config set maxmemory 1gb", "OK\n", ("redis-cli config set maxmemory 1gb: OK",)),
        ("sh -c 'redis-cli -h $POD_IP flushall'", "OK\n", ("redis-cli -h $POD_IP flushall: OK",)),
        ("sh -c 'redis-cli flushall; redis-cli save'", "OK\nOK\n", ("redis-cli flushall", "redis-cli save")),
        ("redis-cli flushall", "", ("redis-cli flushall: no output",)),
        ("redis-cli flushall", "NOAUTH Authentication required.\n", ()),
        ("redis-cli set a b", "(error) OOM command not allowed when used memory > 'maxmemory'.\n", ()),
        ("redis-cli INFO memory", "used_memory:1\n", ()),
        ("redis-cli config get maxmemory", "maxmemory\n0\n", ()),
        ("rabbitmqctl purge_queue jobs", "Purging\n", ()),
    ],
)
def test_what_a_program_of_the_bindings_did_in_a_pod_is_a_change(
    command: str, stdout: str, changed: tuple[str, ...]
) -> None:
    text = f"kubectl exec deploy/cache -- {command}"
    assert accepted(parse(text), (), stdout, ["redis-cli"]) == changed
    assert accepted(parse(text), (), stdout) == (), "only what the bindings name"
