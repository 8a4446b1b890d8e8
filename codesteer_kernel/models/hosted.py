"""What the hosted back ends share: one call of theirs, behind the endpoint's gate, within its limits, repeated or not."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any, ClassVar, TypeVar
from weakref import WeakKeyDictionary

from msgspec.structs import replace

from ..egress import admit, client
from ..errors import BadInput, EndpointUnreachable, MissingDependency, ModelError
from .faults import OVERFLOW, Fault, broken, explain, scrub
from .gate import Place, Quota, gate_to
from .limits import Clock, Limits
from .protocol import Abilities, ChatRequest, Choice, Delta, Finish, Message, Restarted, TokenUsage, UsageDelta
from .providers import PROVIDERS, Endpoint, quota_of
from .refusals import Adaptation
from .retrying import Retries
from .thinking import ThinkSplitter

__all__ = ["HostedModel", "Limits", "count"]

T = TypeVar("T")
# What a request may carry to an address that is not the provider's own: the SDKs add what a user's variables say of
# accounts and headers, which is meant for the provider.
PLAIN_HEADERS = {
    *("accept", "accept-encoding", "anthropic-version", "authorization", "connection", "content-length"),
    *("content-type", "host", "transfer-encoding", "user-agent", "x-api-key"),
}


class HostedModel:
    """One model of an endpoint that an official SDK talks to.

    What a model refuses (a temperature, a schema) is left out from then on: ``adaptations`` maps a word that a refusal
    names to what to do about it.

    Args:
        endpoint: where it answers.
        limits: how long a call may take.
        quota: what the endpoint may be asked for, by all of this process; the provider's if None.

    Raises:
        MissingDependency: the SDK is not installed.
        NotAllowed: the administrator does not allow the endpoint's host.
        BadInput: the variable of the provider's quota cannot be read.
    """

    package: ClassVar[str]
    client: ClassVar[str]
    adaptations: ClassVar[dict[str, Adaptation]]
    abilities: Abilities

    def __init__(self, endpoint: Endpoint, limits: Limits | None = None, quota: Quota | None = None) -> None:
        try:
            importlib.import_module(self.package)
        except ImportError:
            raise MissingDependency(
                f"{endpoint.name} needs the {self.package} package.", f"Run: pip install 'codesteer[{self.package}]'"
            ) from None
        admit(endpoint.base_url)
        self.name = endpoint.name
        self.context_window: int | None = None
        self._endpoint = endpoint
        self._limits = limits or Limits()
        self._refused: set[str] = set()
        self._closes_bare = False
        self._gate = gate_to(endpoint.base_url, endpoint.key_variable, quota or quota_of(endpoint.provider))
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = WeakKeyDictionary()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Generate; see :class:`~codesteer_kernel.models.protocol.ChatModel`."""
        request.check(self)
        clock = Clock(self.name, self._limits)
        retries = Retries(clock, self._gate)
        before = TokenUsage()
        while True:
            said, used = False, TokenUsage()
            fault: Fault | None = None
            try:
                async with aclosing(self._attempt(request, clock, again=retries.done > 0)) as deltas:
                    async for delta in deltas:
                        if isinstance(delta, UsageDelta | Finish):
                            used = delta.usage
                            delta = replace(delta, usage=before + used)
                        else:
                            said = True
                        yield delta
            except Fault as caught:
                fault = caught
            if fault is None:
                return
            if said and not request.repeat_partial:
                raise fault.error
            await retries.after(fault)
            before += used
            if said:
                clock.restart()
                yield Restarted(fault.error.message)

    async def score(self, messages: Sequence[Message], choices: Sequence[str], *, slot: str = "") -> Choice:
        """Probabilities of ``choices``, where ``abilities.score`` holds.

        Raises:
            BadInput: this endpoint cannot.
        """
        raise BadInput(f"{self.name} cannot score choices.")

    async def aclose(self) -> None:
        """Close the connections of the running event loop. Idempotent."""
        ended = self._clients.pop(asyncio.get_running_loop(), None)
        if ended is not None:
            await ended.close()

    # ------------------------------------------------------------------------------------------- of each wire format

    def _arguments(self, request: ChatRequest) -> dict[str, Any]:
        """The SDK's arguments for a streamed ``request``."""
        raise NotImplementedError

    def _create(self, client: Any) -> Callable[..., Awaitable[Any]]:
        """The SDK's method that takes them."""
        raise NotImplementedError

    def _read(self, events: AsyncGenerator[Any, None], request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """The deltas that the SDK's events mean. Ends without Finish where the answer was cut."""
        raise NotImplementedError

    def _splitter(self, request: ChatRequest) -> ThinkSplitter:
        """Tells inline reasoning from the answer; a turn that is only continued opens no block of it."""
        fresh = request.messages[-1].role != "assistant"
        maybe = PROVIDERS[self._endpoint.provider].bare_close or not self._endpoint.own
        return ThinkSplitter(bare=fresh and maybe, hold=fresh and self._closes_bare)

    # ------------------------------------------------------------------------------------------------------- one call

    async def _attempt(self, request: ChatRequest, clock: Clock, *, again: bool) -> AsyncGenerator[Delta, None]:
        """One opening of a stream, read to its end. Whatever goes wrong is a Fault, or a BadInput of ours."""
        raised: Exception | None = None
        async with self._place(_estimate(request), clock, again=again) as place:
            stream = await self._opened(self._arguments(request), clock)
            try:
                self._gate.learn(self._endpoint.model, stream.response.headers)
                async with (
                    aclosing(self._events(stream, clock)) as events,
                    aclosing(self._read(events, request)) as deltas,
                ):
                    async for delta in deltas:
                        if isinstance(delta, Finish):
                            fresh = delta.usage.input_tokens - delta.usage.cached_tokens
                            self._gate.used(place, fresh + delta.usage.output_tokens)
                            yield delta
                            return
                        clock.started = clock.started or not isinstance(delta, UsageDelta)
                        yield delta
            except (Fault, ModelError, BadInput):
                raise
            except Exception as caught:  # noqa: BLE001 - an event that is not of the form it has to be
                raised = caught
            finally:
                await stream.close()
        said = f"it sent something unreadable: {type(raised).__name__}" if raised else ""
        raise broken(self._endpoint, said, passing=raised is None)

    @asynccontextmanager
    async def _place(self, tokens: int, clock: Clock, *, again: bool) -> AsyncIterator[Place]:
        asked = time.monotonic()
        entrance = self._gate.place(self._endpoint.model, tokens, longest=clock.limits.wait, first=again)
        async with entrance as place:
            clock.excuse(time.monotonic() - asked)
            yield place

    async def _opened(self, arguments: dict[str, Any], clock: Clock) -> Any:
        """What the endpoint answers to ``arguments``, without those that it refuses.

        Raises:
            Fault: it did not.
        """
        for word in self._refused:
            self.adaptations[word](arguments)
        create = self._create(self._client())
        while True:
            try:
                return await clock.bound(create(**arguments))
            except Fault:
                raise
            except Exception as raised:  # noqa: BLE001 - the SDKs' and httpx2's have no common base
                fault = explain(raised, self._endpoint)
            word = self._refusal(fault)
            if not word:
                raise fault
            self._refused.add(word)
            self.adaptations[word](arguments)

    def _refusal(self, fault: Fault) -> str:
        """The word of what is refused and was not before, if that is what happened."""
        if fault.status not in (400, 422) or OVERFLOW.search(fault.said):
            return ""
        said = fault.said.lower()
        return next((word for word in self.adaptations if word in said and word not in self._refused), "")

    async def _events(self, stream: Any, clock: Clock) -> AsyncGenerator[Any, None]:
        """The events of an SDK's ``stream``, within the clock's limits."""
        kind = stream.response.headers.get("content-type", "")
        nothing = True
        while True:
            try:
                event = await clock.bound(anext(stream))
            except StopAsyncIteration:
                break
            except Fault:
                raise
            except Exception as caught:  # noqa: BLE001 - the SDKs', httpx2's, json's
                raised = caught
            else:
                nothing = False
                yield event
                continue
            raise self._cut(raised)
        if nothing and "event-stream" not in kind:
            what = kind.partition(";")[0] or "nothing"
            raise Fault(
                ModelError(
                    f"{self._endpoint.base_url} answered with {scrub(what, self._endpoint.key)}, not with a stream of events.",
                    "Check the address (OpenAI-style ones mostly end in /v1) and any proxy on the way.",
                )
            )

    def _cut(self, raised: Exception) -> Fault:
        """The fault behind what broke a stream that had begun."""
        if isinstance(raised, ValueError) and not hasattr(raised, "request"):
            return broken(self._endpoint, f"an event cannot be read: {raised}", passing=False)
        fault = explain(raised, self._endpoint)
        if isinstance(fault.error, EndpointUnreachable) and fault.status is None:
            return broken(self._endpoint, "the connection was cut")
        return fault

    def _client(self) -> Any:
        """The client of the running event loop, made at its first use: connections belong to the loop they are of."""
        loop = asyncio.get_running_loop()
        made = self._clients.get(loop)
        if made is None:
            sdk = importlib.import_module(self.package)
            made = self._clients[loop] = getattr(sdk, self.client)(
                api_key=self._endpoint.key or "none",
                base_url=self._endpoint.base_url,
                timeout=sdk.Timeout(self._limits.total, connect=self._limits.connect),
                max_retries=0,  # ours know the run's limits
                http_client=client(
                    sdk.DefaultAsyncHttpxClient,
                    self._endpoint.base_url,
                    before=() if self._endpoint.own else (self._strip,),
                ),
            )
        return made

    async def _strip(self, request: Any) -> None:
        """Leave nothing on a request to a given address but what it needs, and that address' own key."""
        for name in list(request.headers):
            if name not in PLAIN_HEADERS and not name.startswith("x-stainless-"):
                del request.headers[name]
        key = self._endpoint.key or "none"
        for name, value in (("authorization", f"Bearer {key}"), ("x-api-key", key)):
            if name in request.headers:
                request.headers[name] = value


def _estimate(request: ChatRequest) -> int:
    """Tokens that a call may use, before anybody counted: four characters each, and all that it may generate."""
    said = sum(len(message.content) for message in request.messages) + sum(len(str(tool)) for tool in request.tools)
    return said // 4 + request.max_tokens + (request.thinking or 0)


def count(told: Any) -> int:
    """A token count as an endpoint told it; 0 for what cannot be one."""
    return told if isinstance(told, int) and 0 <= told < 10**10 else 0
