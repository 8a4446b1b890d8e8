"""The gateway tier: the same programs on kernels of a Jupyter Kernel Gateway, an Enterprise Gateway or a Jupyter server.

The kernel there is a stock one. It is sent the modules of ``child/`` and then works as the local supervisor does: a
worker for each program, bounded output, limits. Everything goes through the gateway's REST address and one websocket.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import json
import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import msgspec

from codesteer_kernel.egress import admit, client, offline
from codesteer_kernel.errors import BadInput, ExecutorError, NotAllowed, Offline, UnknownName
from codesteer_kernel.executor.executor import PRELOAD, Executor
from codesteer_kernel.executor.kernel import KernelLost
from codesteer_kernel.executor.results import Limits, Result
from codesteer_kernel.executor.tiers import tier_name
from codesteer_kernel.policy import policy

__all__ = ["GatewayExecutor", "RemoteKernel"]

URL_VARIABLE = "JUPYTER_GATEWAY_URL"
TOKEN_VARIABLE = "JUPYTER_GATEWAY_AUTH_TOKEN"  # noqa: S105 - the name of a variable
"""The names that Jupyter's own gateway client reads."""

_CHILD = Path(__file__).parent / "child"
_CHUNK = 1 << 20
"""Bytes of data in one message; gateways refuse messages over 10 MiB."""
_ANSWER_S = 30.0
_START_S = 60.0
_FAREWELL_S = 5.0
_WATCH_S = 2.0
_LARGEST_MESSAGE = 16 << 20

_BOOTSTRAP = """
import json, os, sys, tempfile, types
_home = tempfile.mkdtemp(prefix="codesteer-")
_package = types.ModuleType("codesteer_child")
_package.__path__ = [os.path.join(_home, "child")]
os.mkdir(*_package.__path__)
for _name, _text in json.loads({sources!r}).items():
    with open(os.path.join(*_package.__path__, _name), "w", encoding="utf-8") as _file:
        _file.write(_text)
sys.modules["codesteer_child"] = _package
from codesteer_child.remote import Remote
_codesteer = Remote(get_ipython(), _home, {preload!r})
"""


class RemoteKernel:
    """A kernel behind a gateway. It offers the executor what :class:`ChildKernel` does.

    Make one with :meth:`start`; :meth:`close` ends it.
    """

    transport = "gateway"

    def __init__(self, url: str, token: str) -> None:
        import httpx

        self._url = url
        self._headers = {"Authorization": f"token {token}"} if token else {}
        self._http = client(httpx.AsyncClient, url, base_url=url, headers=self._headers, timeout=_START_S)
        self._id = ""
        self._socket: Any = None
        self._session = secrets.token_hex(16)
        self._tasks: list[asyncio.Task[None]] = []
        self._calls: dict[str, _Call] = {}
        self._sent: dict[str, str] = {}
        self._lost = ""
        self._closed = False
        self.files: dict[str, Path] = {}
        self.tier = "gateway"

    @classmethod
    async def start(cls, url: str, token: str, name: str, preload: Sequence[str]) -> Self:
        """Ask the gateway for a kernel and make it ours.

        Args:
            url: of the gateway.
            token: for its ``Authorization`` header; empty for none.
            name: of a kernelspec there; empty for the gateway's default.
            preload: modules to import while idle.

        Raises:
            ExecutorError: no gateway there, it refuses, or the kernel is none for Python on Linux or macOS.
        """
        kernel = cls(url, token)
        try:
            await asyncio.wait_for(kernel._start(name, preload), _START_S)
        except TimeoutError:
            await kernel.close()
            raise ExecutorError(f"The gateway at {url} started no kernel within {_START_S:.0f} s.") from None
        except KernelLost as lost:
            await kernel.close()
            raise ExecutorError(f"The kernel behind the gateway at {url} ended while it started: {lost}") from None
        except BaseException:
            await kernel.close()
            raise
        return kernel

    async def _start(self, name: str, preload: Sequence[str]) -> None:
        # An environment of its own, though empty, keeps a Kernel Gateway from lending the kernel the gateway's.
        model = await self._ask("POST", "/api/kernels", json={"env": {}, **({"name": name} if name else {})})
        self._id = str(model["id"])
        from tornado.httpclient import HTTPClientError, HTTPRequest
        from tornado.websocket import websocket_connect

        address = f"{self._url.replace('http', 'ws', 1)}/api/kernels/{self._id}/channels?session_id={self._session}"
        admit(address)
        request = HTTPRequest(address, headers=self._headers, connect_timeout=_ANSWER_S, follow_redirects=False)
        try:
            self._socket = await websocket_connect(request, ping_interval=20, max_message_size=_LARGEST_MESSAGE)
        except (HTTPClientError, OSError) as error:
            raise ExecutorError(f"The gateway at {self._url} opened no channel to its kernel: {error}.") from None
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._watch())]
        await self._send("kernel_info_request", {}, lambda *_: None)
        sources = {path.name: path.read_text(encoding="utf-8") for path in sorted(_CHILD.glob("*.py"))}
        code = _BOOTSTRAP.format(sources=json.dumps(sources), preload=list(preload))
        reply = await self._execute(code, "1 + 1")
        if reply.get("status") != "ok":
            raise ExecutorError(
                f"The kernel behind the gateway at {self._url} cannot run programs: "
                f"{reply.get('ename')}: {reply.get('evalue')}.",
                "It must be an ipykernel (6.29 or newer) with Python 3.11 or newer on Linux or macOS.",
            )

    async def _ask(self, method: str, path: str, **options: Any) -> Any:
        """One REST request; its JSON, None where there is none."""
        import httpx

        try:
            response = await self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise ExecutorError(
                f"Nothing answered at the gateway {self._url} ({type(error).__name__}).", f"Check {URL_VARIABLE}."
            ) from None
        if response.status_code in (401, 403):
            raise ExecutorError(
                f"The gateway at {self._url} refused: {response.status_code} {response.reason_phrase}.",
                f"Set {TOKEN_VARIABLE} to its token, and see whether it allows another kernel.",
            )
        if response.status_code >= 400:
            raise ExecutorError(
                f"The gateway at {self._url} answered {response.status_code} {response.reason_phrase} to {method} {path}."
            )
        return response.json() if response.content else None

    # Messages

    async def _listen(self) -> None:
        """Hand every message to the call that it answers; end all calls when the connection or the kernel ends."""
        why = "the connection to the gateway was closed"
        try:
            while (text := await self._socket.read_message()) is not None:
                message = json.loads(text)
                content, kind = message["content"], message["header"]["msg_type"]
                if kind == "status" and content["execution_state"] in ("dead", "restarting"):
                    why = "the kernel behind the gateway died"
                    break
                call = self._calls.get(message["parent_header"].get("msg_id", ""))
                if call is not None:
                    call.hear(message["channel"], kind, message)
        except (ValueError, KeyError, TypeError):
            why = "the gateway sent what is no Jupyter message"
        self._lose(why)

    async def _watch(self) -> None:
        """A kernel that was deleted keeps its websocket and says nothing: ask for it while something is awaited."""
        import httpx

        while not self._lost:
            await asyncio.sleep(_WATCH_S)
            with contextlib.suppress(httpx.HTTPError):
                if self._calls and (await self._http.get(f"/api/kernels/{self._id}")).status_code == 404:
                    self._lose("the kernel behind the gateway was ended")

    def _lose(self, why: str) -> None:
        self._lost = self._lost or why
        self._socket.close()
        for call in self._calls.values():
            call.fail(KernelLost(self._lost))

    async def _send(self, kind: str, content: dict[str, Any], published: Callable[..., None]) -> dict[str, Any]:
        """Send a shell request; its reply's content, when all that it published has come too."""
        from tornado.websocket import WebSocketClosedError

        if self._lost:
            raise KernelLost(self._lost)
        name = secrets.token_hex(16)
        header = {"msg_id": name, "msg_type": kind, "session": self._session, "username": "", "version": "5.3"}
        message = {
            "header": {**header, "date": ""},
            "parent_header": {},
            "metadata": {},
            "content": content,
            "channel": "shell",
        }
        call = self._calls[name] = _Call(published)
        try:
            await self._socket.write_message(json.dumps(message))
            return await call.done
        except WebSocketClosedError:
            raise KernelLost("the connection to the gateway is closed") from None
        finally:
            del self._calls[name]

    async def _execute(
        self, code: str, expression: str, published: Callable[..., None] | None = None
    ) -> dict[str, Any]:
        content = {
            "code": code,
            "silent": False,
            "store_history": False,
            "allow_stdin": False,
            "user_expressions": {"answer": expression},
            "stop_on_error": False,
        }
        return await self._send("execute_request", content, published or (lambda *_: None))

    async def _call(self, method: str, *arguments: Any, code: str = "", published: Any = None) -> Any:
        """The answer of one of :class:`Remote`'s methods, after ``code`` has run."""
        expression = f"_codesteer.{method}({', '.join(map(repr, arguments))})"
        reply = await self._execute(code, expression, published)
        answer = reply.get("user_expressions", {}).get("answer", {})
        if reply.get("status") != "ok" or answer.get("status") != "ok":
            fault = reply if reply.get("status") != "ok" else answer
            raise KernelLost(f"the kernel behind the gateway failed: {fault.get('ename')}: {fault.get('evalue')}")
        try:
            return json.loads(answer["data"]["text/plain"])
        except (KeyError, TypeError, ValueError):
            raise KernelLost("the kernel behind the gateway answered nonsense") from None

    # What the executor uses

    @property
    def alive(self) -> bool:
        """Whether the connection is there."""
        return not self._lost and not self._closed

    async def request(
        self, kind: str, content: dict[str, Any], seconds: float, published: Callable[[str, dict[str, Any]], None]
    ) -> dict[str, Any]:
        """As :meth:`ChildKernel.request`, for the messages of our own supervisor.

        Inputs and files that the kernel does not have yet are sent first; the time for that is not the program's.
        """
        code = ""
        if kind != "codesteer_end":
            code = f"await _codesteer.{kind.removeprefix('codesteer_')}({await self._translate(content)!r})"
        async with asyncio.timeout(seconds):
            reply = await self._call("reply" if code else "end", code=code, published=published)
        if not isinstance(reply, dict):
            raise KernelLost("the kernel behind the gateway answered nonsense")
        return reply

    async def _translate(self, content: dict[str, Any]) -> str:
        """A request in JSON with nothing in it that is on this machine alone."""
        files = {name: Path(path) for name, path in content["files"].items()} if "files" in content else self.files
        code = content.get("code", "")
        if code == "":
            code = base64.b64encode((Path(content["work"]) / "program.py").read_bytes()).decode("ascii")
        return json.dumps(
            {
                "start": content.get("start"),
                "limits": content["limits"],
                "export": content["export"],
                "inputs": {
                    name: {"about": held["about"], "path": await self._upload(Path(held["path"]))}
                    for name, held in content["inputs"].items()
                },
                "files": {name: await self._upload(path) for name, path in files.items()},
                "code": code,
            }
        )

    async def _upload(self, path: Path) -> str:
        known = self._sent.get(str(path))
        if known is None:
            known = f"{len(self._sent)}"
            with path.open("rb") as file:
                chunk: bytes | None = None
                while chunk is None or len(chunk) == _CHUNK:
                    chunk = await asyncio.to_thread(file.read, _CHUNK)
                    await self._call("take", known, base64.b64encode(chunk).decode("ascii"))
            self._sent[str(path)] = known
        return known

    async def download(self, place: str, name: str, what: str, cap_mb: int) -> bytes:
        """The bytes of a file that the last program left there.

        Args:
            place: ``work`` or ``out``.
            name: plain name.
            what: the file, in words.
            cap_mb: largest size.

        Raises:
            UnknownName, BadInput, ExecutorError: as :func:`exchange.read_file`.
        """
        data = bytearray()
        cap = cap_mb << 20
        while True:
            try:
                piece = await self._call("give", place, name, len(data), _CHUNK, cap)
                if "missing" in piece:
                    raise UnknownName(f"The last program left no {what}.")
                if "refused" in piece:
                    raise ExecutorError(f"The {what} was refused: {piece['refused']}.")
                if piece["size"] > cap:
                    raise BadInput(
                        f"The {what} has {piece['size'] / 2**20:.0f} MB, more than the {cap_mb} MB allowed.",
                        "Raise Limits(export_mb=...), or take a part of it.",
                    )
                more = base64.b64decode(piece["data"])
            except (KernelLost, KeyError, TypeError, binascii.Error) as error:
                raise ExecutorError(f"The {what} was lost on its way: {error}.") from None
            data += more
            if len(data) >= piece["size"] or not more or len(data) > cap:
                return bytes(data[:cap])

    async def interrupt(self) -> None:
        """Interrupt the program that runs, if one does."""
        if self.alive:
            await self._ask("POST", f"/api/kernels/{self._id}/interrupt")

    async def close(self) -> None:
        """End the kernel and the connection. Closing twice is no error."""
        import httpx

        if self._closed:
            return
        self._closed = True
        if self._socket is not None and not self._calls:
            # An idle kernel clears up after itself; one that is busy, or does not answer, is ended as it is.
            with contextlib.suppress(TimeoutError, KernelLost):
                async with asyncio.timeout(_FAREWELL_S):
                    await self._call("close")
        if self._id:
            with contextlib.suppress(httpx.HTTPError):
                await self._http.delete(f"/api/kernels/{self._id}")
        if self._socket is not None:
            self._socket.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()


class _Call:
    """A request on its way: done when its reply has come and the kernel is idle again."""

    def __init__(self, published: Callable[..., None]) -> None:
        self.done: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._published = published
        self._reply: dict[str, Any] | None = None
        self._idle = False

    def hear(self, channel: str, kind: str, message: dict[str, Any]) -> None:
        """Take a message that answers this request."""
        if channel == "shell":
            self._reply = message["content"]
        elif kind == "status":
            self._idle = self._idle or message["content"]["execution_state"] == "idle"
        elif kind in ("stream", "display_data"):
            self._published(kind, message)
        if self._idle and self._reply is not None and not self.done.done():
            self.done.set_result(self._reply)

    def fail(self, error: Exception) -> None:
        """No reply will come."""
        if not self.done.done():
            self.done.set_exception(error)


class GatewayExecutor(Executor):
    """An :class:`Executor` whose kernel is behind a gateway.

    Programs, data and files, results and stopping are as there. The tier is named ``gateway``, then the walls that
    workers could put up on the machine where they ran. The gateway must be trusted with programs and inputs.

    Args:
        url: of the gateway; by default the variable ``JUPYTER_GATEWAY_URL``.
        token: its token; by default the variable ``JUPYTER_GATEWAY_AUTH_TOKEN``. It is sent to ``url`` only.
        kernel: name of a kernelspec of the gateway; by default its own default.
        limits: what each program may use unless a run says otherwise.
        preload: modules that the idle kernel imports.

    Raises:
        BadInput: no address, or not one of a web server.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        kernel: str = "",
        limits: Limits | None = None,
        preload: Sequence[str] = PRELOAD,
    ) -> None:
        super().__init__(limits=limits, preload=preload, spare=False)
        self._url = (url if url is not None else os.environ.get(URL_VARIABLE, "")).rstrip("/")
        if not self._url.startswith(("http://", "https://")):
            raise BadInput("The gateway tier needs an address.", f"Set {URL_VARIABLE} to http(s)://HOST:PORT.")
        admit(self._url)
        rules = policy()
        if offline():
            raise Offline("Offline mode is on, and a gateway promises no wall against the network.", "Leave it out.")
        if rules.isolation:
            raise NotAllowed(
                f"Programs need the isolation {' and '.join(rules.isolation)} here, and a gateway promises none.",
                "Leave the gateway out.",
            )
        self._token = token if token is not None else os.environ.get(TOKEN_VARIABLE, "")
        self._name = kernel

    def _start(self) -> Any:
        # It speaks as a ChildKernel does.
        task = asyncio.create_task(RemoteKernel.start(self._url, self._token, self._name, self._preload))
        task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return task

    def _remote(self, kernel: Any) -> RemoteKernel:
        """The kernel of the last program or cell."""
        if kernel is None or not kernel.done() or kernel.cancelled() or kernel.exception():
            raise ExecutorError("What the last program left is gone with its kernel.")
        found: RemoteKernel = kernel.result()
        return found

    async def _lay_out(self, work: Path) -> None:
        self._remote(self._kernel).files = dict(self._files)

    def _finish(self, run: Any, reply: dict[str, Any], kernel: Any) -> Result:
        kernel.tier = f"gateway+{tier_name(reply.get('tier', {}), 'gateway')}"
        try:
            return msgspec.structs.replace(super()._finish(run, reply, kernel), tier=kernel.tier)
        except (msgspec.ValidationError, KeyError, AttributeError, TypeError):
            raise ExecutorError(f"The kernel behind the gateway at {self._url} answered nonsense.") from None

    async def _bring(self, kernel: Any, name: str, told: Any, out: Path) -> None:
        file = told.get("file") if isinstance(told, dict) else None
        if isinstance(file, str) and file.isdigit():
            data = await self._remote(kernel).download("out", file, f"export of {name!r}", self._export_mb)
            await asyncio.to_thread((out / file).write_bytes, data)

    async def _fetch(self, kernel: Any, name: str, work: Path) -> bytes:
        return await self._remote(kernel).download("work", name, f"file {name!r}", self._export_mb)
