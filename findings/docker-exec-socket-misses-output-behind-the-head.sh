#!/usr/bin/env bash
# One would guess: the socket that docker-py's `exec_start(socket=True)` returns has the whole output of the command.
# What happens: docker-py returns the raw socket below the buffered reader with which the head of the answer was read.
#   Output that arrives together with the head stays in that reader, so `frames_iter` over the socket never sees it. With
#   an engine that is faster than the client, as on a busy machine, a command such as `printenv` seems to print nothing.
# Seen with: docker 7.2.0; docker/api/client.py, `_get_raw_response_socket` (`response.raw._fp.fp.raw`).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet docker==7.2.0
"$folder/venv/bin/python" - "$folder/engine.sock" <<'PYTHON'
import json
import socketserver
import struct
import sys
import threading

import docker
from docker.utils.socket import frames_iter


def frame(data):
    """A part of stdout, as the Docker Engine API frames it."""
    return struct.pack(">BxxxL", 1, len(data)) + data


class Engine(socketserver.StreamRequestHandler):
    """Answers as an engine does; the first part of the output is sent with the head of the answer."""

    def handle(self):
        while words := self.rfile.readline().split():
            length = 0
            while line := self.rfile.readline().strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            self.rfile.read(length)
            if words[1].endswith(b"/start"):
                head = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
                self.request.sendall(head + frame(b"first\n"))
                go_on.wait(5)
                self.request.sendall(frame(b"second\n"))
                return
            body = json.dumps({"Id": "e1"}).encode()
            head = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
            self.request.sendall(head + body)


go_on = threading.Event()
server = socketserver.ThreadingUnixStreamServer(sys.argv[1], Engine)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
api = docker.APIClient(base_url=f"unix://{sys.argv[1]}", version="1.44")
connection = api.exec_start(api.exec_create("web", ["seq", "2"])["Id"], socket=True)
go_on.set()
seen = b"".join(data for _, data in frames_iter(connection, tty=False))
print(f"docker {docker.__version__}: sent b'first\\nsecond\\n', read {seen!r}")
sys.exit(seen != b"second\n")
PYTHON
