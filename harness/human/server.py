"""The page's server: it listens on 127.0.0.1 alone and shows one annotator one scene after another.

The page learns a scene's letter only where the person may see it, and only the current scene can be fetched.
"""

import io
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from threading import Lock
from typing import Any

from PIL import Image
from pydantic import BaseModel, ConfigDict, ValidationError

from spurgen.benchmark.errors import SpurgenError, explain
from spurgen.benchmark.reading import parse_json
from spurgen.harness.human.session import Session, StaleReplyError
from spurgen.harness.machine.files import WriteError

ADDRESS = "127.0.0.1"
BODY_BYTES = 1 << 10
JSON_TYPE = "application/json"
FILES = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class _Reply(BaseModel):
    """What the page sends: an answer to step `number`; `letter` is None for a scene that was only shown."""

    model_config = ConfigDict(extra="forbid", strict=True)

    number: int
    letter: str | None = None
    milliseconds: int


class PageServer(ThreadingHTTPServer):
    """A server of one session; it stops by itself after the last answer. Raises `SpurgenError` for a port in use."""

    daemon_threads = True  # a browser may keep its connection open

    def __init__(self, session: Session, port: int) -> None:
        self.session, self.lock = session, Lock()
        try:
            super().__init__((ADDRESS, port), _Handler)
        except OSError as error:
            problem = f"cannot listen on {ADDRESS}, port {port}: {error.strerror}"
            raise SpurgenError(f"{problem}; name another --port, or 0 for any free one") from None

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names by which a browser may ask for the page; others come from a page that rebinds its own name."""
        return tuple(f"{name}:{self.server_port}" for name in (ADDRESS, "localhost"))

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{self.hosts[0]}/"


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "spurgen", ""
    timeout = 60

    def do_GET(self) -> None:
        """Send a file of the page, the current step, or the picture of the current step."""
        if not self._is_ours():
            return
        if self.path in FILES:
            name, kind = FILES[self.path]
            self._send(HTTPStatus.OK, kind, files(__package__).joinpath(name).read_bytes())
        elif self.path == "/step":
            with self.server.lock:
                self._send_json(HTTPStatus.OK, described(self.server.session))
        elif self.path == "/favicon.ico":
            self._send(HTTPStatus.NO_CONTENT, "image/x-icon", b"")
        else:
            self._send_picture()

    def do_POST(self) -> None:
        """Store an answer; send what the person is told, and the next step."""
        if not self._is_ours() or not self._is_from_page():
            return
        try:
            reply = _Reply.model_validate(parse_json(self._body().decode()))
            with self.server.lock:
                told = self.server.session.reply(reply.number, reply.letter, reply.milliseconds)
                after = described(self.server.session)
        except StaleReplyError:
            with self.server.lock:
                self._send_json(HTTPStatus.CONFLICT, {"step": described(self.server.session)})
        except ValidationError as error:
            self._send_json(HTTPStatus.BAD_REQUEST, {"error": explain(error.errors())})
        except ValueError as error:
            self._send_json(HTTPStatus.BAD_REQUEST, {"error": str(error)})
        except WriteError as error:
            self._send_json(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": str(error)})
        else:
            feedback = {"right": told.right, "label": told.label} if told else None
            self._send_json(HTTPStatus.OK, {"feedback": feedback, "step": after})
            if self.server.session.step is None:
                self.close_connection = True
                self.server.shutdown()

    def _is_ours(self) -> bool:
        """Return whether the request names this server as its host; refuse it otherwise."""
        if self.headers.get("Host") in self.server.hosts:
            return True
        self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
        return False

    def _is_from_page(self) -> bool:
        """Return whether the answer comes from our page, not from another one in the same browser; else refuse it."""
        own = {f"http://{host}" for host in self.server.hosts}
        if self.path != "/answer":
            self._refuse(HTTPStatus.NOT_FOUND)
        elif self.headers.get("Origin", min(own)) not in own or self.headers.get("Content-Type") != JSON_TYPE:
            self._refuse(HTTPStatus.FORBIDDEN)
        else:
            return True
        return False

    def _body(self) -> bytes:
        size = self.headers.get("Content-Length", "")
        if not re.fullmatch(r"\d{1,9}", size, re.ASCII) or int(size) > BODY_BYTES:
            self.close_connection = True
            raise ValueError(f"an answer has at most {BODY_BYTES} bytes")
        return self.rfile.read(int(size))

    def _send_picture(self) -> None:
        with self.server.lock:
            session = self.server.session
            step = session.step
            if step is None or self.path != f"/scene/{step.number}.png" or session.protocol.task.modality == "text":
                self._refuse(HTTPStatus.NOT_FOUND)
                return
            pixels = session.scene(step).images[0]
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        self._send(HTTPStatus.OK, "image/png", buffer.getvalue())

    def _refuse(self, status: HTTPStatus) -> None:
        self.close_connection = True  # the body, if there is one, is not read
        self._send_json(status, {"error": status.phrase})

    def _send_json(self, status: HTTPStatus, content: Mapping[str, Any]) -> None:
        self._send(status, JSON_TYPE, json.dumps(content).encode())

    def _send(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Print nothing: the answers are on disk."""


def described(session: Session) -> dict[str, Any]:
    """Return what the page may know of the current step: never a letter that the person has yet to name."""
    protocol, step = session.protocol, session.step
    modality = protocol.task.modality
    about: dict[str, Any] = {
        "letters": protocol.letters, "modality": modality, "phase": "done", "scenes": protocol.header.scenes,
        **protocol.criterion._asdict(),
    }  # fmt: skip
    if step is None:
        return about
    about |= {"number": step.number, "phase": step.phase, "place": step.place, "total": step.total}
    about |= {"picture": None if modality == "text" else f"/scene/{step.number}.png"}
    about |= {"caption": None if modality == "image" else session.scene(step).captions[0]}
    return about | ({"label": step.label} if step.phase == "study" else {})
