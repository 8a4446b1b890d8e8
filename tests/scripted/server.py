"""The server behind :mod:`tests.scripted`: HTTP by hand on asyncio streams, the standard library alone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Self

Wire = Literal["openai", "anthropic"]
REASONS = {
    200: "OK",
    307: "Temporary Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    429: "Too Many Requests",
}
OPENAI_STOPS = {"end": "stop", "stop_string": "stop", "length": "length", "filtered": "content_filter"}
ANTHROPIC_STOPS = {"end": "end_turn", "stop_string": "stop_sequence", "length": "max_tokens", "filtered": "refusal"}
ANTHROPIC_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


@dataclass
class Reply:
    """One answer of the script.

    Attributes:
        text: the answer; streamed in pieces of about a word.
        match: a regular expression that must be found in the last user turn ("" fits any).
        system: likewise for the system text.
        times: how often it may be given; None for ever.
        reasoning: hidden reasoning sent before the answer (Anthropic: with ``signature``, or if that is empty, sealed).
        calls: tool calls made after the text: (id, name, the arguments' JSON text), sent in pieces.
        first_delay: seconds before the first piece.
        delay: seconds before each piece.
        status: an HTTP status other than 200 makes it an error with ``error`` as its message.
        headers: extra response headers, such as ``Retry-After``.
        error: the message of an error status; with status 200, an error event sent after the text.
        raw: the whole body as it is to be sent, of ``content_type``, in place of all that.
        cut_after: after so many pieces the connection is dropped.
        cut_bytes: after so many bytes of the stream the connection is dropped.
        chunked: whether the stream is sent in chunks; if not, it ends where the connection does, so that a cut one
            looks like a finished one.
        hang_after: after so many pieces nothing more is sent, the connection stays open.
        finish: how it ends, where neither a stop string nor the token limit ends it first.
        logprobs: log-probabilities of first tokens, for requests that ask.
        cached_tokens: how much of the prompt it claims to have had in its cache.
        cache_write_tokens: how much it claims to have written to it.
    """

    text: str = ""
    match: str = ""
    system: str = ""
    times: int | None = 1
    reasoning: str = ""
    signature: str = "s"
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    first_delay: float = 0.0
    delay: float = 0.0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    error: str = ""
    raw: str = ""
    content_type: str = "text/event-stream"
    cut_after: int | None = None
    cut_bytes: int | None = None
    chunked: bool = True
    hang_after: int | None = None
    finish: Literal["end", "stop_string", "length", "filtered"] = "end"
    logprobs: dict[str, float] = field(default_factory=dict)
    cached_tokens: int = 0
    cache_write_tokens: int = 0


@dataclass
class Request:
    """One request as it was received (``at``, by the monotonic clock), and how it went.

    ``finished``: answered to its end; ``disconnected``: the client left first; ``cut``: dropped, as the script said.
    """

    wire: Wire
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float = field(default_factory=time.monotonic)
    pieces_sent: int = 0
    finished: bool = False
    disconnected: bool = False
    cut: bool = False

    @property
    def turns(self) -> list[tuple[str, str]]:
        """``(role, text)`` of every turn, the system's first."""
        found = [(turn["role"], _text(turn["content"])) for turn in self.body.get("messages", [])]
        system = _text(self.body.get("system", ""))
        return [("system", system), *found] if system else found

    @property
    def system(self) -> str:
        """All system text."""
        return "\n".join(text for role, text in self.turns if role == "system")

    @property
    def last_user(self) -> str:
        """The last user turn."""
        return next((text for role, text in reversed(self.turns) if role == "user"), "")


Script = Sequence[Reply | str] | Callable[[Request], Reply | str]


class ScriptedServer:
    """An async context manager; ``url`` (without ``/v1``) and ``requests`` are there while it runs.

    ``busiest`` is the largest number of requests that were being answered at once.

    Args:
        script: replies, of which the first unused one that fits is given; or a function of the request.
        key: if not empty, requests without this key get 401.
        port: 0 for any.
    """

    def __init__(self, script: Script, *, key: str = "", port: int = 0) -> None:
        self._function = script if callable(script) else None
        self._replies = [] if callable(script) else [_reply(entry) for entry in script]
        self._left = [reply.times for reply in self._replies]
        self._key = key
        self._port = port
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._busy = 0
        self.busiest = 0
        self.requests: list[Request] = []
        self.url = ""

    @property
    def unused(self) -> list[Reply]:
        """The replies that were to be given and were not."""
        return [reply for reply, left in zip(self._replies, self._left, strict=True) if left]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *exception: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def settled(self, seconds: float = 5.0) -> None:
        """Wait until every request received so far has ended, one way or another."""
        async with asyncio.timeout(seconds):
            while not all(request.finished or request.disconnected or request.cut for request in self.requests):
                await asyncio.sleep(0.01)

    # -------------------------------------------------------------------------------------------------------- HTTP

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, _Cut, asyncio.CancelledError):
            pass  # the client left, the script cut, or the server ends: nobody waits for this task's outcome
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, OSError):
                await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:]) if name}
        raw = await reader.readexactly(int(headers.get("content-length", "0")))
        out = _Response(writer)
        path = path.partition("?")[0]
        if method == "GET":
            await self._get(path, out)
            return
        wires: dict[str, Wire] = {"/v1/chat/completions": "openai", "/v1/messages": "anthropic"}
        wire = wires.get(path)
        if wire is None:
            await out.json(404, {"error": {"type": "not_found_error", "message": f"no such path {path}"}})
            return
        request = Request(wire, path, headers, json.loads(raw))
        self.requests.append(request)
        # Anthropic's SDK has sent its key in either header, by version.
        given = headers.get("x-api-key") or headers.get("authorization", "")[7:]
        gone = asyncio.ensure_future(reader.read(1))
        work = asyncio.ensure_future(self._answer(request, out, refused=bool(self._key) and given != self._key))
        self._busy += 1
        self.busiest = max(self.busiest, self._busy)
        try:
            await asyncio.wait({gone, work}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                request.disconnected = True
            else:
                await work
        finally:
            self._busy -= 1
            for task in (gone, work):
                task.cancel()
            await asyncio.gather(gone, work, return_exceptions=True)

    async def _get(self, path: str, out: _Response) -> None:
        if path == "/health":
            await out.json(200, {"status": "ok"})
        elif path == "/v1/models":
            await out.json(200, {"object": "list", "data": [{"id": "scripted", "object": "model"}]})
        elif path == "/_requests":
            fields = ("wire", "path", "body", "pieces_sent", "finished", "disconnected")
            await out.json(200, [{name: getattr(request, name) for name in fields} for request in self.requests])
        else:
            await out.json(404, {"error": {"message": f"no such path {path}"}})

    # ------------------------------------------------------------------------------------------------------ script

    def _choose(self, request: Request) -> Reply:
        if self._function is not None:
            return _reply(self._function(request))
        for number, reply in enumerate(self._replies):
            left = self._left[number]
            fits = re.search(reply.match, request.last_user, re.DOTALL) and re.search(reply.system, request.system)
            if left != 0 and fits:
                if left is not None:
                    self._left[number] = left - 1
                return reply
        return Reply(status=400, error=f"the script has no reply left for: {request.last_user[:200]!r}")

    async def _answer(self, request: Request, out: _Response, *, refused: bool) -> None:
        reply = Reply(status=401, error="wrong API key") if refused else self._choose(request)
        await asyncio.sleep(reply.first_delay)
        if reply.raw:
            await out.begin(reply.status, reply.content_type, reply.headers)
            await out.chunk(reply.raw)
            await out.end()
            request.finished = True
            return
        if reply.status != 200:
            kind = ANTHROPIC_ERRORS.get(reply.status, "api_error")
            error = {"type": kind, "message": reply.error or f"scripted {reply.status}"}
            body = {"type": "error", "error": error} if request.wire == "anthropic" else {"error": error}
            await out.json(reply.status, body, reply.headers)
            request.finished = True
            return
        answer = _Answer.of(request, reply)
        speak = _openai_events if request.wire == "openai" else _anthropic_events
        if not request.body.get("stream"):
            await out.json(200, answer.whole(), reply.headers)
        else:
            await out.begin(200, "text/event-stream", reply.headers, chunked=reply.chunked)
            left = reply.cut_bytes
            async for event in speak(answer, self._paced(answer)):
                if left is not None and left < len(event):
                    if left:
                        await out.chunk(event[:left])
                    request.cut = True
                    raise _Cut
                await out.chunk(event)
                left = None if left is None else left - len(event)
            await out.end()
        request.finished = True

    async def _paced(self, answer: _Answer) -> AsyncIterator[str]:
        reply, request = answer.reply, answer.request
        for number, piece in enumerate(answer.pieces):
            if number == reply.cut_after:
                request.cut = True
                raise _Cut
            if number == reply.hang_after:
                await asyncio.Event().wait()
            await asyncio.sleep(reply.delay)
            yield piece
            request.pieces_sent += 1
        if reply.cut_after is not None and reply.cut_after >= len(answer.pieces):
            request.cut = True
            raise _Cut
        if reply.hang_after is not None and reply.hang_after >= len(answer.pieces):
            await asyncio.Event().wait()


class _Cut(Exception):
    """Drop the connection here."""


class _Response:
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._chunked = True

    async def begin(self, status: int, kind: str, extra: dict[str, str], *, chunked: bool = True) -> None:
        self._chunked = chunked
        headers = {"Content-Type": kind, "Connection": "close", **extra}
        if chunked:
            headers["Transfer-Encoding"] = "chunked"
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Scripted')}", *(f"{k}: {v}" for k, v in headers.items())]
        self._writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        await self._writer.drain()

    async def chunk(self, data: str) -> None:
        raw = data.encode()
        self._writer.write(b"%x\r\n%s\r\n" % (len(raw), raw) if self._chunked else raw)
        await self._writer.drain()

    async def end(self) -> None:
        if self._chunked:
            self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()

    async def json(self, status: int, body: Any, extra: dict[str, str] | None = None) -> None:
        await self.begin(status, "application/json", extra or {})
        await self.chunk(json.dumps(body))
        await self.end()


# -------------------------------------------------------------------------------------------------------- wire formats


@dataclass
class _Answer:
    request: Request
    reply: Reply
    pieces: list[str]
    finish: str
    stop: str | None
    prompt_tokens: int

    @classmethod
    def of(cls, request: Request, reply: Reply) -> _Answer:
        body = request.body
        stops = body.get("stop") or body.get("stop_sequences") or []
        text, finish, hit = reply.text, reply.finish, None
        places = [(text.find(stop), stop) for stop in ([stops] if isinstance(stops, str) else stops) if stop in text]
        if places:
            place, hit = min(places)
            text, finish = text[:place], "stop_string"
        pieces = re.findall(r"\s*\S{1,8}|\s+$", text)
        limit = body.get("max_tokens") or body.get("max_completion_tokens") or len(pieces)
        if len(pieces) > limit:
            pieces, finish, hit = pieces[:limit], "length", None
        prompt = sum(len(text.split()) for _, text in request.turns)
        return cls(request, reply, pieces, finish, hit, prompt)

    @property
    def openai_usage(self) -> dict[str, Any]:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": len(self.pieces),
            "total_tokens": self.prompt_tokens + len(self.pieces),
            "prompt_tokens_details": {"cached_tokens": self.reply.cached_tokens},
        }

    @property
    def logprobs(self) -> dict[str, Any] | None:
        if not self.request.body.get("logprobs") or not self.reply.logprobs:
            return None
        tops = sorted(self.reply.logprobs.items(), key=lambda pair: -pair[1])
        tops = tops[: self.request.body.get("top_logprobs", 0)]
        listed = [{"token": token, "logprob": log, "bytes": list(token.encode())} for token, log in tops]
        return {"content": [{**listed[0], "top_logprobs": listed}]}

    def whole(self) -> dict[str, Any]:
        text = "".join(self.pieces)
        if self.request.wire == "openai":
            message = {"role": "assistant", "content": text, "reasoning_content": self.reply.reasoning or None}
            choice = {"index": 0, "message": message, "finish_reason": self.stop_word(OPENAI_STOPS, "tool_calls")}
            choice["logprobs"] = self.logprobs
            head = {"id": "scripted", "object": "chat.completion", "created": 0, "model": "scripted"}
            return {**head, "choices": [choice], "usage": self.openai_usage}
        content: list[dict[str, Any]] = [{"type": "text", "text": text}]
        if self.reply.reasoning:
            content.insert(0, {"type": "thinking", "thinking": self.reply.reasoning, "signature": "s"})
        return {
            **self.anthropic_message(),
            "content": content,
            "stop_reason": self.stop_word(ANTHROPIC_STOPS, "tool_use"),
            "stop_sequence": self.stop,
            "usage": {**self.anthropic_usage(), "output_tokens": len(self.pieces)},
        }

    def stop_word(self, words: dict[str, str], calls: str) -> str:
        return calls if self.reply.calls and self.finish == "end" else words[self.finish]

    def anthropic_message(self) -> dict[str, Any]:
        head = {"id": "msg_scripted", "type": "message", "role": "assistant", "model": "scripted", "content": []}
        return {**head, "stop_reason": None, "stop_sequence": None, "usage": self.anthropic_usage()}

    def anthropic_usage(self) -> dict[str, Any]:
        return {
            "input_tokens": self.prompt_tokens - self.reply.cached_tokens - self.reply.cache_write_tokens,
            "cache_creation_input_tokens": self.reply.cache_write_tokens,
            "cache_read_input_tokens": self.reply.cached_tokens,
            "output_tokens": 1,
        }


async def _openai_events(answer: _Answer, pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    def chunk(delta: dict[str, Any], **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": None, **more}
        head = {"id": "scripted", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
        return "data: " + json.dumps({**head, "choices": [choice], "usage": None}) + "\n\n"

    yield chunk({"role": "assistant", "content": ""})
    if answer.reply.reasoning:
        yield chunk({"reasoning_content": answer.reply.reasoning})
    logprobs = answer.logprobs
    async for piece in pieces:
        yield chunk({"content": piece}, **({"logprobs": logprobs} if logprobs else {}))
        logprobs = None
    for number, (name, call, arguments) in enumerate(answer.reply.calls):
        function = {"name": call, "arguments": ""}
        yield chunk({"tool_calls": [{"index": number, "id": name, "type": "function", "function": function}]})
        for piece in _halves(arguments):
            yield chunk({"tool_calls": [{"index": number, "function": {"arguments": piece}}]})
    if answer.reply.error:
        yield "data: " + json.dumps({"error": {"type": "server_error", "message": answer.reply.error}}) + "\n\n"
        return
    yield chunk({}, finish_reason=answer.stop_word(OPENAI_STOPS, "tool_calls"))
    if (answer.request.body.get("stream_options") or {}).get("include_usage"):
        last = {"id": "scripted", "object": "chat.completion.chunk", "created": 0, "model": "scripted", "choices": []}
        yield "data: " + json.dumps({**last, "usage": answer.openai_usage}) + "\n\n"
    yield "data: [DONE]\n\n"


async def _anthropic_events(answer: _Answer, pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    def event(kind: str, **content: Any) -> str:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **content})}\n\n"

    yield event("message_start", message=answer.anthropic_message())
    yield event("ping")
    index = 0

    def start(block: dict[str, Any]) -> str:
        return event("content_block_start", index=index, content_block=block)

    def delta(kind: str, **content: str) -> str:
        return event("content_block_delta", index=index, delta={"type": kind, **content})

    if answer.reply.reasoning and not answer.reply.signature:
        yield start({"type": "redacted_thinking", "data": answer.reply.reasoning})
        yield event("content_block_stop", index=index)
        index += 1
    elif answer.reply.reasoning:
        yield start({"type": "thinking", "thinking": "", "signature": ""})
        yield delta("thinking_delta", thinking=answer.reply.reasoning)
        yield delta("signature_delta", signature=answer.reply.signature)
        yield event("content_block_stop", index=index)
        index += 1
    yield start({"type": "text", "text": ""})
    async for piece in pieces:
        yield delta("text_delta", text=piece)
    for name, call, arguments in answer.reply.calls:
        yield event("content_block_stop", index=index)
        index += 1
        yield start({"type": "tool_use", "id": name, "name": call, "input": {}})
        for half in _halves(arguments):
            yield delta("input_json_delta", partial_json=half)
    if answer.reply.error:
        yield event("error", error={"type": "overloaded_error", "message": answer.reply.error})
        return
    yield event("content_block_stop", index=index)
    end = {"stop_reason": answer.stop_word(ANTHROPIC_STOPS, "tool_use"), "stop_sequence": answer.stop}
    yield event("message_delta", delta=end, usage={"output_tokens": len(answer.pieces)})
    yield event("message_stop")


def _halves(text: str) -> tuple[str, str]:
    return text[: len(text) // 2], text[len(text) // 2 :]


def _text(content: Any) -> str:
    if isinstance(content, str) or content is None:
        return content or ""
    return "".join(block.get("text") or _text(block.get("content", "")) for block in content)


def _reply(entry: Reply | str) -> Reply:
    return Reply(entry) if isinstance(entry, str) else entry


async def recorded(wire: Wire, reply: Reply, body: dict[str, Any]) -> list[str]:
    """The events of the stream that ``reply`` makes of a request with this ``body``."""
    answer = _Answer.of(Request(wire, "", {}, body), reply)

    async def pieces() -> AsyncIterator[str]:
        for piece in answer.pieces:
            yield piece

    speak = _openai_events if wire == "openai" else _anthropic_events
    return [event async for event in speak(answer, pieces())]


@contextmanager
def serving_in_thread(script: Script, *, key: str = "") -> Iterator[ScriptedServer]:
    """A running :class:`ScriptedServer` in a thread with a loop of its own."""
    server = ScriptedServer(script, key=key)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="scripted-server", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(10)
        try:
            yield server
        finally:
            asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
