"""Commands of a session reach the platform's destinations and nothing else: no UDP, no other host, no other socket."""

from __future__ import annotations

import errno
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

from harness.app.planning import PlanRequest, plan
from harness.bash.parse import parse
from harness.errors import MachineError, PlatformError
from harness.machine.objects import Obj
from harness.machine.platform_state import Destination
from harness.machine.process_ledger import Group, end
from harness.platforms.kubernetes import access, shell
from harness.steps import confined, confinement, syscall_filter
from harness.steps.destinations import Destinations
from harness.steps.session import Session
from tests.support.paths import RUNBOOK
from tests.support.small_cluster import SmallCluster
from tests.support.waiting import wait_until

needs_namespace = pytest.mark.skipif(bool(confinement.no_namespace()), reason=confinement.no_namespace())
Run = Callable[[str], tuple[str, str]]
SERVICE = "127.0.0.3"
REFUSED, UNREACHABLE, DENIED = (str(number) for number in (errno.ECONNREFUSED, errno.ENETUNREACH, errno.EACCES))


class Operator:
    """A session whose platform has these destinations."""

    def __init__(self, folder: Path, service: Destination) -> None:
        self.platform = [service]
        self._session = Session(SmallCluster(folder).shell(), folder / "steps", destinations=lambda: self.platform)

    def run(self, text: str) -> tuple[str, str]:
        """Standard output and error of a command, whatever the policy says of its text."""
        return self._session.run(parse(text), 20.0, 0.3, threading.Event()).text()

    def python(self, text: str) -> str:
        """What a Python program prints: the error number where it fails."""
        whole = f"import socket\ntry:\n  {text}\n  print('reached')\nexcept OSError as error:\n  print(error.errno)"
        out, err = self.run(f"{Path(sys.executable).resolve()} -IS -c {shlex.quote(whole)}")
        assert err == ""
        return out.strip()

    def close(self) -> None:
        self._session.close()


@pytest.fixture
def service() -> Iterator[socket.socket]:
    with socket.create_server((SERVICE, 0)) as listening:
        listening.settimeout(10.0)
        yield listening


@pytest.fixture
def operator(tmp_path: Path, service: socket.socket) -> Iterator[Operator]:
    made = Operator(tmp_path, service.getsockname())
    yield made
    made.close()


def other_addresses() -> list[str]:
    """Addresses of this machine other than the Service's: each is another host for what may reach only that."""
    lasting = [each for name, each in psutil.net_if_addrs().items() if not name.startswith(("docker", "br-", "veth"))]
    found = [one.address for each in lasting for one in each if one.family == socket.AF_INET]
    return ["127.0.0.4", *(address for address in found if not address.startswith("127."))]


@needs_namespace
def test_service_is_reached_and_its_end_of_file_passes(operator: Operator, service: socket.socket) -> None:
    host, port = service.getsockname()
    answered: list[bytes] = []

    def answer() -> None:
        connection, _ = service.accept()
        connection.settimeout(10.0)
        with connection, connection.makefile("rb") as request:
            answered.append(request.read())
            connection.sendall(b"answer\n")

    thread = threading.Thread(target=answer)
    thread.start()
    exchange = f"s = socket.create_connection(({host!r}, {port})); s.sendall(b'question'); s.shutdown(socket.SHUT_WR)"
    assert operator.python(f"{exchange}; print(s.recv(99))") == "b'answer\\n'\nreached"
    thread.join()
    assert answered == [b"question"]


@needs_namespace
def test_service_without_a_ready_pod_refuses(operator: Operator, tmp_path: Path) -> None:
    with closing(socket.create_server((SERVICE, 0))) as gone:
        host, port = gone.getsockname()
    operator.platform.append((host, port))
    (tmp_path / "home" / ".curlrc").write_text(f'connect-to = "api:8080:{host}:{port}"\n')
    assert operator.run("curl -sS http://api:8080/")[1].startswith("curl: (7) Failed to connect to ")


@needs_namespace
def test_same_port_of_another_host_is_not_reached(operator: Operator, service: socket.socket) -> None:
    port = service.getsockname()[1]
    assert operator.python(f"socket.create_connection(({SERVICE!r}, {port}))") == "reached"
    for host in other_addresses():
        with socket.create_server((host, port)):
            expected = REFUSED if host.startswith("127.") else UNREACHABLE
            assert operator.python(f"socket.create_connection(({host!r}, {port}))") == expected


@needs_namespace
def test_other_port_of_the_machine_is_not_reached(operator: Operator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert "Connection refused" in operator.run(f"exec 3<>/dev/tcp/127.0.0.1/{other.getsockname()[1]}")[1]


@needs_namespace
def test_datagram_is_not_sent(operator: Operator, service: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(service.getsockname())
        host, port = server.getsockname()
        send = f"socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ({host!r}, {port}))"
        assert operator.python(send) == UNREACHABLE
        assert "Network is unreachable" in operator.run(f"echo x >/dev/udp/{host}/{port}")[1]
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.recv(1)


@needs_namespace
def test_unix_socket_is_reached_only_if_it_is_the_platforms(operator: Operator, tmp_path: Path) -> None:
    short = Path(tempfile.mkdtemp(dir="/tmp"))  # the path of a unix socket must be short
    try:
        with closing(socket.socket(socket.AF_UNIX)) as one, closing(socket.socket(socket.AF_UNIX)) as other:
            for server, name in ((one, "one"), (other, "other")):
                server.bind(str(short / name))
                server.listen()
            operator.platform.append(str(short / "one"))
            assert operator.python(f"socket.socket(socket.AF_UNIX).connect({str(short / 'one')!r})") == "reached"
            assert operator.python(f"socket.socket(socket.AF_UNIX).connect({str(short / 'other')!r})") == DENIED
    finally:
        shutil.rmtree(short)


@needs_namespace
def test_abstract_unix_socket_is_not_reached(operator: Operator) -> None:
    name = f"gameday-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0{name}")
        server.listen()
        assert operator.python(f"socket.socket(socket.AF_UNIX).connect({chr(0) + name!r})") == DENIED


@needs_namespace
@pytest.mark.parametrize(
    ("domain", "kind"), [("UNIX", "DGRAM"), ("UNIX", "SEQPACKET"), ("VSOCK", "STREAM"), ("VSOCK", "DGRAM")]
)
def test_socket_that_no_network_namespace_separates_is_not_created(operator: Operator, domain: str, kind: str) -> None:
    made = f"socket.socket(socket.AF_{domain}, socket.SOCK_{kind})"
    assert operator.python(made) == str(errno.EAFNOSUPPORT)
    if domain == "UNIX":
        pair = f"socket.socketpair(socket.AF_{domain}, socket.SOCK_{kind})"
        assert operator.python(pair) == str(errno.EAFNOSUPPORT)


@needs_namespace
def test_connected_socket_cannot_be_turned_to_another_address(operator: Operator, service: socket.socket) -> None:
    """It is outside of the namespace: only the filter of system calls keeps it where it is."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        there = f"s = socket.create_connection({service.getsockname()!r})"
        away = "import ctypes; c = ctypes.CDLL(None, use_errno=True); print(c.connect(s.fileno(), bytes(16), 16))"
        assert operator.python(f"{there}; {away}; s.connect({other.getsockname()!r})") == f"-1\n{REFUSED}"
        fast = f"s.sendto(b'x', socket.MSG_FASTOPEN, {other.getsockname()!r})"
        assert operator.python(f"{there}; {fast}") == str(errno.EOPNOTSUPP)
        assert operator.python(f"{there}; s.listen()") == DENIED
        other.settimeout(0)
        with pytest.raises(BlockingIOError):
            other.accept()


@needs_namespace
def test_non_blocking_connection_works(operator: Operator, service: socket.socket) -> None:
    text = f"s = socket.socket(); s.settimeout(5); s.connect({service.getsockname()!r}); print(s.getpeername())"
    assert operator.python(text) == f"{service.getsockname()}\nreached"


@needs_namespace
def test_service_that_appears_later_is_reached(operator: Operator) -> None:
    with socket.create_server(("127.0.0.5", 0)) as later:
        connect = f"socket.create_connection({later.getsockname()!r})"
        assert operator.python(connect) == REFUSED
        operator.platform.append(later.getsockname())
        assert operator.python(connect) == "reached"


@needs_namespace
def test_name_of_a_server_has_its_address(
    tmp_path: Path, service: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cluster's API server may have a name, and no resolver answers in the namespace."""
    port = service.getsockname()[1]
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: resolve(SERVICE, *rest, **more))
    session = Session(
        SmallCluster(tmp_path).shell(), tmp_path / "steps", destinations=lambda: [("api.example.com", port)]
    )
    said = session.run(parse(f"exec 3<>/dev/tcp/api.example.com/{port}; echo $?"), 9.0, 0.3, threading.Event()).text()
    session.close()
    assert said == ("0\n", "")


class ApiServer(BaseHTTPRequestHandler):
    """Answers `kubectl version`."""

    def do_GET(self) -> None:
        body = b'{"major": "1", "minor": "36", "gitVersion": "v1.36.77"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@needs_namespace
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not on PATH")
def test_real_kubectl_reaches_its_api_server_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo
    with ThreadingHTTPServer((SERVICE, 0), ApiServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: resolve(SERVICE, *rest, **more))
        cluster: Obj = {"server": f"http://api.example.com:{server.server_port}"}
        access.write_kubeconfig(tmp_path / "config", cluster, "production", "operator", "token")
        made = shell.make(tmp_path / "shell", tmp_path / "config")
        session = Session(made, tmp_path / "steps", destinations=lambda: [access.destination_of(cluster)])
        texts = ("kubectl version --request-timeout=9s", f"echo x >{tmp_path}/elsewhere")
        asked, wrote = (session.run(parse(text), 20.0, 0.3, threading.Event()).text() for text in texts)
        session.close()
        server.shutdown()
    assert "Server Version: v1.36.77" in asked[0], asked
    assert "Permission denied" in wrote[1]


def test_platform_that_does_not_answer_has_no_new_destination() -> None:
    answers: list[list[Destination]] = [[("127.0.0.1", 80)]]

    def ask() -> list[Destination]:
        if not answers:
            raise PlatformError("no answer")
        return answers.pop()

    destinations = Destinations(ask, ["/own"])
    assert not destinations.allow(("127.0.0.1", 81))
    assert destinations.allow(("127.0.0.1", 80))
    assert destinations.allow("/own")
    assert destinations.ports == [80]


HARNESS = """
import json, os, sys, threading
from pathlib import Path
from harness.bash.parse import parse
from harness.steps.session import Session
from tests.support.small_cluster import SmallCluster
folder, host, port, text = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
def started(pid):
    print(json.dumps([pid, *(os.readlink(f"/proc/{pid}/ns/{kind}") for kind in ("user", "net"))]), flush=True)
made = Session(SmallCluster(folder).shell(), folder / "steps", destinations=lambda: [(host, port)], started=started)
print(*made.run(parse(text), 60, 1, threading.Event()).text(), sep="", end="")
made.close()
"""
WITHOUT_PRIVILEGES = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(24, 21, 0, 0, 0)  # PR_CAPBSET_DROP, CAP_SYS_ADMIN
os.execv(sys.executable, [sys.executable, "-c", *sys.argv[1:]])
"""


@needs_namespace
def test_no_privileges_are_needed(tmp_path: Path, service: socket.socket) -> None:
    """In a user namespace of its own, as the same user."""
    host, port = service.getsockname()
    connect = f"exec 3<>/dev/tcp/{host}/{port}; echo $?; exec 3<>/dev/tcp/127.0.0.4/{port}"
    connect += "; read -r x </proc/self/uid_map; echo $x"
    argv = [sys.executable, "-c", WITHOUT_PRIVILEGES, HARNESS, str(tmp_path), host, str(port), connect]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    first, *rest = done.stdout.splitlines()
    _, user, network = json.loads(first)
    assert user != os.readlink("/proc/self/ns/user")
    assert network != os.readlink("/proc/self/ns/net")
    assert rest[:2] == ["0", f"{os.geteuid()} {os.geteuid()} 1"]
    assert "Connection refused" in rest[2]


@needs_namespace
def test_namespace_ends_with_the_processes_of_a_killed_harness(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", HARNESS, str(tmp_path), SERVICE, "80", "sleep 60"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as harness:
        assert harness.stdout is not None
        pid, _, namespace = json.loads(harness.stdout.readline())
        bash = psutil.Process(pid)
        assert namespace != os.readlink("/proc/self/ns/net")
        assert wait_until(
            lambda: any("bash" not in each.exe() for each in bash.children())
        )  # the script before it asks
        group = Group(bash.pid, bash.create_time(), "shell")
        harness.send_signal(signal.SIGKILL)
    assert end([group], tmp_path) == [group]
    assert namespace not in {_namespace(each) for each in psutil.process_iter()}


def _namespace(process: psutil.Process) -> str:
    try:
        return os.readlink(f"/proc/{process.pid}/ns/net")
    except OSError:
        return ""


def test_machine_without_namespaces_is_named_in_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined, "version", lambda: 7)
    monkeypatch.setattr(confinement, "no_namespace", lambda: "it gives this user no network namespace (why)")
    assert plan(PlanRequest(RUNBOOK)).notes == (
        "steps are confined to files of their own and to TCP ports, not to hosts: it gives this user no network "
        "namespace (why); only the policy keeps them from UDP and the same ports of other hosts",
    )
    monkeypatch.setattr(confined, "version", lambda: 3)
    (why,) = plan(PlanRequest(RUNBOOK)).notes
    assert why.startswith("steps are confined to files of their own, not to a part of the network")
    monkeypatch.setattr(confined, "version", lambda: 0)
    (why,) = plan(PlanRequest(RUNBOOK)).notes
    assert why.startswith("steps are not confined on this machine: its kernel has no Landlock")
    monkeypatch.setattr(confinement, "no_namespace", lambda: "")
    (why,) = plan(PlanRequest(RUNBOOK)).notes
    assert why.startswith("steps are confined to the platform's network, not to files of their own")


def test_refusal_of_the_kernel_is_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syscall_filter, "instructions", lambda machine: bytes(8))
    assert confinement.no_namespace.__wrapped__() == "it gives this user no network namespace (Invalid argument)"
    monkeypatch.setattr(syscall_filter, "instructions", lambda machine: b"")
    assert "does not know its system calls" in confinement.no_namespace.__wrapped__()


def test_bash_that_cannot_be_confined_as_announced_does_not_run(
    monkeypatch: pytest.MonkeyPatch, operator: Operator
) -> None:
    monkeypatch.setattr(confinement, "no_namespace", lambda: "")
    monkeypatch.setattr(syscall_filter, "instructions", lambda machine: bytes(8))
    with pytest.raises(MachineError, match="cannot be started in a network namespace"):
        operator.run("echo ran")
