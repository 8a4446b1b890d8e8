"""The HTTP server in front of a model: who may ask, who is next, what goes over the wire.

Built on tornado, which every Jupyter kernel brings along. Nothing of a request is logged: counts go to the metrics,
what went wrong goes to the client.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import logging
import math
import socket
import time
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any, Protocol, runtime_checkable

import msgspec
from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.web import Application, RequestHandler

from codesteer_kernel.errors import BadInput, CodeSteerError, ContextOverflow, UnknownModel
from codesteer_kernel.models.discovery import Host
from codesteer_kernel.models.protocol import (
    ChatModel,
    ChatRequest,
    Finish,
    Message,
    ReasoningDelta,
    TextDelta,
    TokenUsage,
)
from codesteer_kernel.serving.metrics import Metrics
from codesteer_kernel.serving.queueing import FairQueue, QueueFull, Ticket
from codesteer_kernel.serving.wire import (
    DONE,
    Chat,
    Completion,
    error_body,
    event,
    read_chat,
    status_of,
)

__all__ = ["Front", "allowed_host"]

BODY_BYTES = 4 * 1024**2
HEADER_BYTES = 16 * 1024
READ_SECONDS = 30.0
"""To receive a request's headers, and its body."""
IDLE_SECONDS = 75.0
WRITE_SECONDS = 60.0
"""For a client to take what was written; one that reads no more must not keep a slot."""
TURN_SECONDS = 900.0
CUT_SECONDS = 5.0
"""For the last words to those who are cut off at the end."""
PATIENCE = 2.0
"""After so long in the queue a streaming client is told its position, and again every so many seconds."""


@runtime_checkable
class _Likely(Protocol):
    """A model that tells the likeliest next tokens."""

    async def next_tokens(
        self, messages: tuple[Message, ...], count: int
    ) -> tuple[list[tuple[str, float]], TokenUsage]: ...


@runtime_checkable
class _Counting(Protocol):
    """A model that counts the tokens of a prompt."""

    async def count_tokens(self, messages: tuple[Message, ...]) -> int: ...


class Front:
    """Serves ``model`` under ``host.name`` from one event loop.

    Args:
        token: what clients must show; empty where the socket's own permissions guard it.
        names: host names and addresses by which it may be called; None: any (a Unix socket has none).
    """

    def __init__(
        self,
        model: ChatModel,
        host: Host,
        queue: FairQueue,
        *,
        token: str,
        names: frozenset[str] | None,
    ) -> None:
        self.model, self.host, self.queue, self.token, self.names = model, host, queue, token, names
        self.metrics = Metrics()
        self.stopping = False
        # A request is a handler's task, which answers, and a task of its own for the work, which can be ended.
        self.handlers: set[asyncio.Task[Any]] = set()
        self.waiting: set[asyncio.Task[None]] = set()
        self.working: set[asyncio.Task[None]] = set()
        # It would log addresses, and tracebacks that quote what was asked.
        logging.getLogger("tornado").setLevel(logging.CRITICAL)
        routes: list[Any] = [
            (r"/health", _Health),
            (r"/metrics", _Metrics),
            (r"/v1/models", _Models),
            (r"/v1/chat/completions", _Chat),
        ]
        self._server = HTTPServer(
            Application(
                [(path, handler, {"front": self}) for path, handler in routes],
                default_handler_class=_Nothing,
                default_handler_args={"front": self},
                log_function=lambda handler: None,
            ),
            max_header_size=HEADER_BYTES,
            max_body_size=BODY_BYTES,
            max_buffer_size=2 * BODY_BYTES,
            body_timeout=READ_SECONDS,
            idle_connection_timeout=IDLE_SECONDS,
        )

    def listen(self, sockets: list[socket.socket]) -> None:
        """Answer on these listening sockets from now on."""
        self._server.add_sockets(sockets)

    async def drain(self, seconds: float) -> bool:
        """Take nothing new, send the waiting away, finish what runs within ``seconds``; whether all could be finished."""
        self.stopping = True
        self._server.stop()
        for task in self.waiting:
            task.cancel()
        await self._handled(seconds)
        cut = list(self.working)
        for task in cut:
            task.cancel()
        await self._handled(CUT_SECONDS)
        await self._server.close_all_connections()
        return not cut

    async def _handled(self, seconds: float) -> None:
        if self.handlers:
            await asyncio.wait(self.handlers, timeout=seconds)

    def known(self, name: str) -> None:
        """Raise :class:`UnknownModel` unless ``name`` is served here."""
        if name not in (self.host.name, self.host.model):
            raise UnknownModel(f"There is no model {name!r} here.", f"This host serves {self.host.name}.")

    async def fits(self, request: ChatRequest) -> None:
        """Refuse a prompt that is too long before it waits for a slot."""
        window = self.model.context_window
        # A token is at least a byte, so most prompts need no counting.
        said = sum(len(turn.content.encode(errors="replace")) for turn in request.messages)
        if window is None or said < window // 2:
            return
        if isinstance(self.model, _Counting) and (count := await self.model.count_tokens(request.messages)) >= window:
            raise ContextOverflow(
                f"The prompt has {count} tokens and the context window of {self.host.name} holds {window}.",
                "Shorten the question or its inputs.",
            )


def allowed_host(header: str, names: frozenset[str]) -> bool:
    """Whether a Host header names this server: one of ``names``, or any plain address.

    A page of somebody else's whose name was made to point here (DNS rebinding) sends that name.
    """
    name = header.rpartition(":")[0] if header.rpartition(":")[2].isdigit() else header
    name = name.strip("[]").lower()
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name in names
    return True


class _Handler(RequestHandler):
    """Checks who asks; turns every fault into an error of the protocol."""

    open_to_all = False

    def initialize(self, front: Front) -> None:
        self.front = front
        self.gone = False
        self._task: asyncio.Task[None] | None = None

    def set_default_headers(self) -> None:
        self.set_header("Server", "codesteer")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")

    def prepare(self) -> None:
        names = self.front.names
        if names is not None and not allowed_host(self.request.host, names):
            self.fail(403, "This server is not called that.", "unknown_host")
        elif self.front.token and not self.open_to_all and not self._shows_token():
            self.set_header("WWW-Authenticate", "Bearer")
            self.fail(401, "The token is missing or wrong.", "invalid_api_key")

    def _shows_token(self) -> bool:
        kind, _, shown = self.request.headers.get("Authorization", "").partition(" ")
        return kind.lower() == "bearer" and hmac.compare_digest(shown.encode(), self.front.token.encode())

    def fail(self, status: int, message: str, code: str) -> None:
        """Answer with an error: as the body, or as the last event of a stream that has begun."""
        body = error_body(status, message, code)
        if self._headers_written:
            self.finish(event(body))
            return
        self.set_status(status)
        self.finish(body)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """What tornado calls for faults of its own finding (a method that is not allowed, ...)."""
        self.fail(status_code, self._reason, "bad_request" if status_code < 500 else "internal")

    def log_exception(self, *exception: Any) -> None:
        """Nothing: a traceback may quote what was asked."""

    def on_connection_close(self) -> None:
        self.gone = True
        if self._task is not None:
            self._task.cancel()

    async def run(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do ``work`` so that it ends with the client's connection or with the server, and say how it went."""
        front = self.front
        if front.stopping:
            self._stopping()
            return
        task = self._task = asyncio.create_task(work())
        handler = asyncio.current_task()
        assert handler is not None
        front.waiting.add(task)
        front.handlers.add(handler)
        try:
            await asyncio.wait({task})
            front.metrics.requests[self._settle(task)] += 1
        finally:
            front.waiting.discard(task)
            front.working.discard(task)
            front.handlers.discard(handler)

    def _settle(self, task: asyncio.Task[None]) -> str:
        """Answer the client for a task that ended; the outcome's name."""
        if self.gone:
            return "left"
        if task.cancelled():
            self._stopping()
            return "cut"
        fault = task.exception()
        if fault is None:
            return "ok"
        if isinstance(fault, StreamClosedError):
            return "left"
        if isinstance(fault, QueueFull):
            self.set_header("Retry-After", str(fault.retry_after))
            self.fail(429, str(fault), fault.code)
            return "full"
        if isinstance(fault, CodeSteerError):
            status = status_of(fault)
            code = "context_length_exceeded" if isinstance(fault, ContextOverflow) else fault.code
            self.fail(status, str(fault), code)
            return "refused" if status < 500 else "failed"
        if isinstance(fault, TimeoutError):
            self.fail(504, f"The answer was not done after {TURN_SECONDS:g} seconds.", "timeout")
            return "failed"
        self.fail(500, f"Internal error: {type(fault).__name__}.", "internal")
        return "failed"

    def _stopping(self) -> None:
        self.set_header("Retry-After", str(self.front.queue.retry_after))
        self.set_header("Connection", "close")
        self.fail(503, "This host is being stopped.", "stopping")

    def only_json(self) -> None:
        """Refuse what a web page may send without asking: forms and plain text."""
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise BadInput("The body must be application/json.")

    async def turn(self, ticket: Ticket, *, stream: bool) -> None:
        """Wait for the slot."""
        front = self.front
        begin = time.monotonic()
        while not ticket.called.is_set():
            try:
                async with asyncio.timeout(PATIENCE):
                    await ticket.called.wait()
            except TimeoutError:
                if stream:
                    await self.send(b": waiting, position %d\n\n" % front.queue.position(ticket))
        front.metrics.waited.add(time.monotonic() - begin)
        task = asyncio.current_task()
        assert task is not None
        front.waiting.discard(task)
        front.working.add(task)

    async def send(self, data: bytes) -> None:
        """Send a piece of an event stream, and wait until it is on its way."""
        if not self._headers_written:
            self.set_header("Content-Type", "text/event-stream; charset=utf-8")
            self.set_header("X-Accel-Buffering", "no")
        self.write(data)
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await self.flush()
        except TimeoutError:
            stream = getattr(self.request.connection, "stream", None)
            if stream is not None:
                stream.close()
            raise StreamClosedError from None


class _Nothing(_Handler):
    def prepare(self) -> None:
        super().prepare()
        if not self._finished:
            self.fail(404, f"There is nothing at {self.request.path}.", "not_found")


class _Health(_Handler):
    open_to_all = True

    def get(self) -> None:
        if self.front.stopping:
            self.set_status(503)
        self.finish({"status": "stopping" if self.front.stopping else "ok"})


class _Metrics(_Handler):
    def get(self) -> None:
        queue = self.front.queue
        self.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.finish(self.front.metrics.text(running=queue.running, waiting=queue.waiting, slots=queue.slots))


class _Models(_Handler):
    def get(self) -> None:
        host = self.front.host
        entry = {
            "id": host.name,
            "object": "model",
            "created": int(host.since),
            "owned_by": "codesteer",
            "root": host.model,
            "max_model_len": host.context,
            "dialect": host.dialect,
            "abilities": msgspec.to_builtins(host.abilities),
        }
        self.finish({"object": "list", "data": [entry]})


class _Chat(_Handler):
    async def post(self) -> None:
        await self.run(self._answer)

    async def _answer(self) -> None:
        front = self.front
        self.only_json()
        chat = read_chat(self.request.body)
        front.known(chat.model)
        await front.fits(chat.request)
        client = chat.client or str(self.request.remote_ip)
        async with front.queue.turn(client) as ticket:
            await self.turn(ticket, stream=chat.stream)
            async with asyncio.timeout(TURN_SECONDS):
                if chat.choices:
                    await self._choice(chat, client)
                elif chat.top_logprobs is not None:
                    await self._tops(chat)
                else:
                    await self._text(chat, client)

    async def _text(self, chat: Chat, client: str) -> None:
        front = self.front
        completion = Completion(front.host.name)
        parts: dict[str, list[str]] = {"content": [], "reasoning_content": []}
        begin: float | None = time.monotonic()
        head: dict[str, Any] = {"role": "assistant"}
        request = msgspec.structs.replace(chat.request, slot=_lane(chat, client))
        async with aclosing(front.model.stream(request)) as deltas:  # type: ignore[type-var]
            async for delta in deltas:
                match delta:
                    case TextDelta(text=text):
                        part = "content"
                    case ReasoningDelta(text=text):
                        part = "reasoning_content"
                    case Finish() as finish:
                        break
                    case _:
                        continue
                if begin is not None:
                    front.metrics.first_token.add(time.monotonic() - begin)
                    begin = None
                if chat.stream:
                    await self.send(completion.piece(head | {part: text}))
                    head = {}
                else:
                    parts[part].append(text)
        front.metrics.wrote(finish.usage)
        if not chat.stream:
            self.finish(completion.whole("".join(parts["content"]), "".join(parts["reasoning_content"]), finish))
            return
        await self.send(completion.piece(head, finish))
        await self.send((completion.bill(finish) if chat.include_usage else b"") + DONE)
        self.finish()

    async def _tops(self, chat: Chat) -> None:
        """The likeliest next token, and how likely it and others are."""
        model = self.front.model
        if not isinstance(model, _Likely):
            raise BadInput(f"{self.front.host.name} gives no log-probabilities.")
        tops, usage = await model.next_tokens(chat.request.messages, max(1, chat.top_logprobs or 0))
        self._likeliest(chat, tops, Finish(reason="length", usage=usage))

    async def _choice(self, chat: Chat, client: str) -> None:
        """The likeliest of the choices, scored in one forward pass; as log-probabilities each counts as one token."""
        front, messages = self.front, chat.request.messages
        if not front.model.abilities.score:
            raise BadInput(f"{front.host.name} cannot score choices.")
        if messages[-1].role != "assistant":
            messages = (*messages, Message("assistant", ""))
        scored = await front.model.score(messages, chat.choices, slot=_lane(chat, client))
        tops = [(choice, math.log(max(share, 1e-30))) for choice, share in scored.probabilities.items()]
        tops.sort(key=lambda top: -top[1])
        self._likeliest(chat, tops, Finish(reason="end", usage=scored.usage))

    def _likeliest(self, chat: Chat, tops: list[tuple[str, float]], finish: Finish) -> None:
        self.front.metrics.wrote(finish.usage)
        wanted = None if chat.top_logprobs is None else tops[: max(1, chat.top_logprobs)]
        whole = Completion(self.front.host.name).whole(tops[0][0] if tops else "", "", finish, wanted)
        if chat.top_logprobs == 0:
            for place in whole["choices"][0]["logprobs"]["content"]:
                place["top_logprobs"] = []
        self.finish(whole)


def _lane(chat: Chat, client: str) -> str:
    """The name under which a model keeps what it read of a conversation."""
    return f"{client}/{chat.conversation}"
