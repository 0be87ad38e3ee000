"""A fork server with the smallest service that keeps docs/reference/contracts.md, for tests of the local platform.

Faults: `unready` (/health answers 503), `stuck` (/health/live never answers), `crash` (exits with `status`), `echo`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time


def say(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def log(msg: str, **more: object) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + f".{time.time_ns() // 1000 % 1000000:06d}Z"
    say({"time": now, "level": "info", "msg": msg, **more})


class Service:
    def __init__(self, env: dict[str, str]) -> None:
        self.env = env
        self.faults: set[str] = set()
        self.serving: asyncio.Server | None = None
        self.open = 0

    async def run(self) -> None:
        env = self.env
        if env.get("CRASH_AT_START"):
            log("cannot start: CRASH_AT_START is set")
            sys.exit(int(env["CRASH_AT_START"]))
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        with contextlib.suppress(FileExistsError), open(env["APP_DIR"] + "/validation_rules.json", "x") as rules:
            rules.write('{"max_length": 10}')
        await asyncio.start_server(self.public, env["POD_IP"], int(env["PORT"]))
        await asyncio.start_server(self.admin, env["POD_IP"], int(env["ADMIN_PORT"]))
        log("started", pod=env["POD_NAME"])
        await stop.wait()
        log("stopping")
        await self.serve(False)
        while self.open:
            await asyncio.sleep(0.01)

    async def serve(self, serving: bool) -> None:
        if serving and self.serving is None:
            self.serving = await asyncio.start_server(
                self.public, self.env["SERVICE_IP"], int(self.env["PORT"]), reuse_port=True, reuse_address=True
            )
        elif not serving and self.serving is not None:
            self.serving.close()
            self.serving = None

    async def public(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            path = (await self.head(reader))[1]
            if path == "/health/live" and "stuck" in self.faults:
                await asyncio.sleep(60)
            status = 503 if path == "/health" and "unready" in self.faults else 200
            self.answer(writer, status, {"pod": self.env["POD_NAME"], "path": path})
        except (ConnectionError, IndexError):
            pass
        finally:
            writer.close()
            self.open -= 1

    async def admin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, path, _, token, length = await self.head(reader)
        body = json.loads(await reader.readexactly(length) or b"{}")
        if token != f"Bearer {self.env['ADMIN_TOKEN']}":
            self.answer(writer, 403, {})
        elif path == "/serving":
            await self.serve(body["serving"])
            self.answer(writer, 200, {})
        elif method == "DELETE":
            self.faults.clear()
            self.answer(writer, 204, {})
        elif body["name"] == "crash":
            log("crashing on demand")
            os._exit(body["status"])
        else:
            self.faults.add(body["name"])
            self.answer(writer, 201, {"id": body["name"]})
        writer.close()

    async def head(self, reader: asyncio.StreamReader) -> tuple[str, str, str, str, int]:
        words = (await reader.readline()).decode().split()
        token, length = "", 0
        while (line := (await reader.readline()).decode().strip()) != "":
            name, _, value = line.partition(": ")
            token = value if name.lower() == "authorization" else token
            length = int(value) if name.lower() == "content-length" else length
        return words[0], words[1], words[2], token, length

    def answer(self, writer: asyncio.StreamWriter, status: int, body: dict[str, str]) -> None:
        data = json.dumps(body).encode()
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode() + data)


def child(request: dict[str, object]) -> None:
    os.setsid()
    os.chdir(str(request["cwd"]))
    out = os.open(str(request["log"]), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    env = request["env"]
    assert isinstance(env, dict)
    os.environ.clear()
    os.environ.update(env)
    asyncio.run(Service(env).run())


def main() -> None:
    """Children are reaped by polling beside the requests: no threads, because they would not survive the fork."""
    children: set[int] = set()
    os.set_blocking(0, False)
    waiting = b""
    while True:
        with contextlib.suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                children.discard(found[0])
                say({"exited": found[0], "status": os.waitstatus_to_exitcode(found[1])})
        try:
            data = os.read(0, 65536)
        except BlockingIOError:
            time.sleep(0.01)
            continue
        if not data:
            break
        *lines, waiting = (waiting + data).split(b"\n")
        for line in lines:
            request = json.loads(line)
            pid = os.fork()
            if not pid:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                child(request)
                os._exit(0)
            children.add(pid)
            say({"id": request["id"], "pid": pid})
    for pid in children:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
