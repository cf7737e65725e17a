"""A Hugging Face Hub on the loopback interface, as much of it as pulling a repository needs."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote, urlsplit

COMMIT = "c0ffee" + "0" * 34


@dataclass
class FakeHub:
    """Its repositories, by name and path, and what was asked of it. `status` is sent for repositories it lacks."""

    repositories: dict[str, dict[str, bytes]]
    url: str = ""
    fetched: list[str] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    error: tuple[int, dict[str, str]] = (404, {"X-Error-Code": "RepoNotFound"})

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        parts = unquote(urlsplit(path).path).strip("/").split("/")
        name = "/".join(parts[2:4] if parts[0] == "api" else parts[0:2])
        files = self.repositories.get(name)
        if files is None:
            return *self.error, b"{}"
        if parts[0] != "api":
            return self.file("/".join(parts[4:]), files)
        body = [entry(file, content) for file, content in files.items()] if "tree" in parts else info(name, files)
        return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()

    def file(self, file: str, files: dict[str, bytes]) -> tuple[int, dict[str, str], bytes]:
        if file in self.failing:
            return 500, {}, b""
        self.fetched.append(file)
        headers = {"ETag": f'"{digest(files[file])}"', "X-Repo-Commit": COMMIT}
        return 200, headers, files[file]


def digest(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def entry(path: str, content: bytes) -> dict[str, object]:
    return {"type": "file", "path": path, "size": len(content), "oid": digest(content)}


def info(name: str, files: dict[str, bytes]) -> dict[str, object]:
    return {"id": name, "modelId": name, "sha": COMMIT, "siblings": [{"rfilename": path} for path in files]}


@contextmanager
def fake_hub(repositories: dict[str, dict[str, bytes]]) -> Iterator[FakeHub]:
    hub = FakeHub(repositories)

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.respond()

        def do_GET(self) -> None:
            self.wfile.write(self.respond())

        def respond(self) -> bytes:
            status, headers, body = hub.answer(self.path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            return body

        def log_message(self, _format: str, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
