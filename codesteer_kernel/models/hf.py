"""Models of the Hugging Face hub, or of a local folder, by transformers and torch in this process.

:mod:`.placement` decides how they are loaded, :mod:`.hf_load` loads them, :mod:`.hf_network` runs them,
:mod:`.templates` words their prompts.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..config import default_threads
from ..errors import BadInput, CodeSteerError, ContextOverflow, MissingDependency, ModelError, OutOfMemory
from .placement import GB, WINDOW_TOKENS, LoadOptions, load_plan, read_options
from .protocol import Abilities, ChatRequest, Choice, Delta, Finish, Message, StopReason, TextDelta, TokenUsage
from .pull import Progress, ProgressEvent, hub
from .scoring import Branching
from .stopping import StopCutter
from .templates import TEMPLATES, Prompter
from .thinking import ThinkSplitter

if TYPE_CHECKING:
    from .hf_network import Network

__all__ = ["MARKER", "HfModel"]

MARKER = "codesteer.json"
"""A file beside weights or adapter that says how the model was tuned to steer: ``{"dialect": "codesteer-v1"}``."""


class HfModel:
    """One causal language model: on CUDA where there is such a device, else on the CPU.

    Cheap to make; :meth:`ready` or the first call loads. One generation at a time: the next one waits. Closing a
    stream ends its generation before the next layer is computed. Each ``slot`` of a request keeps the cache of what it
    read last: only what is new after the common beginning is read again.

    Args:
        source: ``ORG/NAME`` on the hub (or in its cache), or the path of a folder with weights and tokenizer, or with a
            LoRA adapter that names its base model. ``?option=value&...`` after it sets any of the options below.
        context: context window in tokens; None takes the model's own.
        prefix_cache: keep caches between calls.
        revision, adapter, template, device, dtype, quantize, offload_folder, gpu_gb, cpu_gb: see
            :class:`~codesteer_kernel.models.placement.LoadOptions`.

    Raises:
        MissingDependency: torch or transformers is not installed.
        BadInput: an option that does not exist, or cannot have this value.
    """

    abilities = Abilities(prefill=True, score=True, seed=True, local=True, prefix_cache=True)

    def __init__(
        self,
        source: str,
        *,
        context: int | None = None,
        prefix_cache: bool = True,
        revision: str = "",
        adapter: str = "",
        template: Literal["", "llama3", "chatml"] = "",
        device: Literal["auto", "cuda", "cpu"] = "auto",
        dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto",
        quantize: Literal["", "4bit", "8bit"] = "",
        offload_folder: str = "",
        gpu_gb: float | None = None,
        cpu_gb: float | None = None,
    ) -> None:
        if find_spec("torch") is None or find_spec("transformers") is None:
            raise MissingDependency(f"hf/{source} needs torch and transformers.", "Run: pip install 'codesteer[hf]'")
        given = LoadOptions(
            revision=revision,
            adapter=adapter,
            template=template,
            device=device,
            dtype=dtype,
            quantize=quantize,
            offload_folder=offload_folder,
            gpu_gb=gpu_gb,
            cpu_gb=cpu_gb,
            context=context,
        )
        self._source, _, query = source.partition("?")
        if not self._source:
            raise BadInput("hf/ names no model.", "Write hf/ORG/NAME, or the path of a folder.")
        self._options = read_options(query, given)
        self.name = f"hf/{source}"
        self.context_window: int | None = self._options.context
        self._prefix_cache = prefix_cache
        self._network: Network | None = None
        self._prompter: Prompter | None = None
        self._ends: frozenset[int] = frozenset()
        self._loading = threading.Lock()
        self._busy = threading.Lock()

    def __repr__(self) -> str:
        return f"<HfModel {self.name}>"

    @property
    def fetches(self) -> str:
        """Whom the files would be asked of before the first answer; empty for a folder of this machine."""
        from . import hf_load

        return "" if hf_load.is_folder(self._source) else hub()

    @property
    def dialect(self) -> str | None:
        """The steering dialect that the folder of the adapter or the weights names in ``codesteer.json``; else None.

        Raises:
            ModelError: the file is there and cannot be read.
        """
        for folder in (self._options.adapter, self._source):
            marker = Path(folder).expanduser() / MARKER
            if folder and marker.is_file():
                try:
                    return str(json.loads(marker.read_text(encoding="utf-8"))["dialect"])
                except (OSError, ValueError, KeyError, TypeError):
                    raise ModelError(
                        f"{marker} cannot be read.", 'It looks like {"dialect": "codesteer-v1"}.'
                    ) from None
        return None

    # ---------------------------------------------------------------------------------------------------- loading

    async def ready(self, progress: Progress | None = None) -> None:
        """Load the model, downloading it first where the hub's cache has it not.

        Args:
            progress: told, in the event loop's thread, about the download, and before the load about the memory it
                needs and the memory that is free.

        Raises:
            WeightsMissing: there is no such folder, repository or revision, or it cannot be fetched.
            OutOfMemory: it does not fit; found before loading, the cure says what would fit.
            MissingDependency: an option needs a package.
            ModelError: it has no chat template, or cannot be loaded.
        """
        if self._network is not None:
            return
        loop = asyncio.get_running_loop()
        stop = threading.Event()

        def relay(event: ProgressEvent) -> None:
            if progress is not None and not loop.is_closed():
                loop.call_soon_threadsafe(progress, event)

        work = asyncio.ensure_future(asyncio.to_thread(self._load, relay, stop))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            stop.set()
            work.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise

    def _load(self, progress: Progress, stop: threading.Event) -> None:
        with self._loading:
            if self._network is not None:
                return
            try:
                self._load_now(progress, stop)
            except CodeSteerError:
                raise
            except Exception as fault:  # noqa: BLE001 - torch, transformers and what they call raise what they like
                raise self._fault(fault, "could not be loaded") from None

    def _load_now(self, progress: Progress, stop: threading.Event) -> None:
        import torch

        from . import hf_load
        from .hf_network import Network

        options = self._options
        folder = hf_load.fetch(self._source, options.revision, progress, stop)
        adapter = hf_load.fetch(options.adapter, "", progress, stop) if options.adapter else None
        if (base := hf_load.base_of_adapter(folder)) is not None:
            folder, adapter = hf_load.fetch(base, "", progress, stop), folder
        weights = hf_load.count_weights(folder)
        plan = load_plan(self.name, weights, hf_load.survey(), options)
        free = "" if plan.free is None else f", {plan.free / GB:.1f} GB free"
        note = f"loading {self.name} as {options.quantize or plan.arguments['dtype']}: needs {plan.needs / GB:.1f} GB"
        note = f"{note} of memory{free}. {plan.note}".rstrip(" .")
        progress(ProgressEvent(done=0, total=plan.needs, source="load", note=note))
        tokenizer = hf_load.load_tokenizer(folder)
        try:
            prompter = Prompter(tokenizer, TEMPLATES.get(options.template, ""))
        except ValueError:
            raise ModelError(
                f"{self.name} has no chat template.", "Use an instruction-tuned model, or name one: ?template=llama3."
            ) from None
        if plan.device == "cpu":
            torch.set_num_threads(default_threads())
        module = hf_load.load_network(folder, plan, options.quantize, adapter)
        if self.context_window is None:
            self.context_window = weights.context
        ends = module.generation_config.eos_token_id
        ends = ends if isinstance(ends, list) else [ends]
        self._ends = frozenset({*ends, tokenizer.eos_token_id, *prompter.turn_ends} - {None})
        self._prompter = prompter
        self._network = Network(module, prefix_cache=self._prefix_cache)

    # ------------------------------------------------------------------------------------------------- generating

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Generate; see :class:`~codesteer_kernel.models.protocol.ChatModel`.

        Raises:
            ContextOverflow: the prompt does not fit; both counts are named, nothing was generated.
        """
        request.check(self)
        await self.ready()
        prompt, tokens = await asyncio.to_thread(self._prompt, request.messages)
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[tuple[int, int] | BaseException | None] = asyncio.Queue()
        stop = threading.Event()

        def deliver(item: tuple[int, int] | BaseException | None) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(pieces.put_nowait, item)

        network, prompter = self._network, self._prompter
        assert network is not None
        assert prompter is not None
        given = (network, request, tokens, deliver, stop)
        work = threading.Thread(target=self._generate, args=given, name="hf-generate", daemon=True)
        splitter = ThinkSplitter(inside=prompt.rstrip().endswith("<think>"))
        cutter = StopCutter(request.stop)
        written = _Written(prompter.decode)
        cached = 0
        work.start()
        try:
            while (item := await pieces.get()) is not None:
                if isinstance(item, BaseException):
                    raise self._fault(item, "failed while generating")
                token, cached = item
                for delta in self._split(splitter, cutter, written.add(token)):
                    yield delta
                if cutter.hit:
                    break
        finally:
            stop.set()
        if not cutter.hit:
            for delta in self._split(splitter, cutter, written.rest()):
                yield delta
            for delta in splitter.finish():
                if not isinstance(delta, TextDelta):
                    yield delta
                elif kept := cutter.feed(delta.text):
                    yield TextDelta(kept)
            if kept := cutter.finish():
                yield TextDelta(kept)
        made = written.tokens
        ended = bool(made) and made[-1] in self._ends
        reason: StopReason = "stop_string" if cutter.hit else "end" if ended else "length"
        usage = TokenUsage(input_tokens=len(tokens), output_tokens=len(made), cached_tokens=cached)
        yield Finish(reason=reason, usage=usage)

    @staticmethod
    def _split(splitter: ThinkSplitter, cutter: StopCutter, text: str) -> list[Delta]:
        out: list[Delta] = []
        for piece in splitter.feed(text):
            if not isinstance(piece, TextDelta):
                out.append(piece)
            elif kept := cutter.feed(piece.text):
                out.append(TextDelta(kept))
        return out

    def _generate(
        self,
        network: Network,
        request: ChatRequest,
        tokens: list[int],
        deliver: Callable[[tuple[int, int] | BaseException | None], None],
        stop: threading.Event,
    ) -> None:
        """Body of the generating thread: tokens, then None, or the fault."""
        from .hf_network import Sampler, Stopped

        try:
            usual = network.module.generation_config
            sampler = Sampler(
                (usual.temperature or 1.0) if request.temperature is None else request.temperature,
                request.seed,
                network.module.device,
                top_k=usual.top_k if request.top_k is None else request.top_k,
                top_p=usual.top_p if request.top_p is None else request.top_p,
            )
            most = min(request.max_tokens, (self.context_window or WINDOW_TOKENS) - len(tokens))
            with self._busy:
                for item in network.generate(
                    tokens, most=most, ends=self._ends, lane=request.slot, sampler=sampler, stop=stop
                ):
                    deliver(item)
            deliver(None)
        except Stopped:
            deliver(None)
        except BaseException as fault:  # noqa: BLE001 - it goes to the caller's task
            network.lanes.clear()
            deliver(fault)

    async def score(self, messages: Sequence[Message], choices: Sequence[str], *, slot: str = "") -> Choice:
        """Probabilities of ``choices`` as the continuation of the last (assistant) message.

        See :meth:`codesteer_kernel.models.local.LocalModel.score`: one pass over what the slot has not read yet, and a
        few tokens more for each place where more than two choices part.
        """
        if not messages or messages[-1].role != "assistant":
            raise BadInput("The last message to score must be an assistant turn.")
        await self.ready()
        stop = threading.Event()
        work = asyncio.ensure_future(asyncio.to_thread(self._score, messages, choices, slot, stop))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            stop.set()
            work.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise

    def _score(self, messages: Sequence[Message], choices: Sequence[str], slot: str, stop: threading.Event) -> Choice:
        import torch

        network, prompter = self._network, self._prompter
        assert network is not None
        assert prompter is not None
        prompt, _ = self._prompt(messages)
        branching = Branching({choice: prompter.tokens(prompt + choice) for choice in choices})
        read = reused = 0
        try:
            with self._busy:
                for shared, candidates in branching.places():
                    logits, cached = network.read(shared, slot, stop)
                    odds = torch.log_softmax(logits[list(candidates)], dim=-1).tolist()
                    branching.settle(dict(zip(candidates, odds, strict=True)))
                    read, reused = read + len(shared), reused + cached
        except (MemoryError, RuntimeError) as fault:
            network.lanes.clear()
            raise self._fault(fault, "failed while scoring") from None
        usage = TokenUsage(input_tokens=read, cached_tokens=reused)
        return Choice(probabilities=branching.probabilities(), usage=usage)

    async def next_tokens(self, messages: Sequence[Message], count: int) -> tuple[list[tuple[str, float]], TokenUsage]:
        """The ``count`` likeliest next tokens with their log-probabilities, likeliest first."""
        await self.ready()

        def work() -> tuple[list[tuple[str, float]], TokenUsage]:
            import torch

            network, prompter = self._network, self._prompter
            assert network is not None
            assert prompter is not None
            _, tokens = self._prompt(messages)
            with self._busy:
                logits, cached = network.read(tokens, "", threading.Event())
            logs, ids = torch.log_softmax(logits, dim=-1).topk(count)
            found = [(prompter.decode([one]), log) for one, log in zip(ids.tolist(), logs.tolist(), strict=True)]
            return found, TokenUsage(input_tokens=len(tokens), output_tokens=1, cached_tokens=cached)

        return await asyncio.to_thread(work)

    def _prompt(self, messages: Sequence[Message]) -> tuple[str, list[int]]:
        assert self._prompter is not None
        try:
            text = self._prompter.render(messages)
        except Exception as fault:  # noqa: BLE001 - the template is the model's own program; it may refuse a role
            raise ModelError(f"The chat template of {self.name} refuses the conversation ({fault}).") from None
        tokens = self._prompter.tokens(text)
        if self.context_window is not None and len(tokens) >= self.context_window:
            raise ContextOverflow(
                f"The prompt has {len(tokens)} tokens and the context window of {self.name} holds "
                f"{self.context_window}.",
                "Shorten the question or its inputs, or use a model with a larger window.",
            )
        return text, tokens

    def _fault(self, fault: BaseException, what: str) -> ModelError:
        if isinstance(fault, ModelError):
            return fault
        if isinstance(fault, MemoryError) or type(fault).__name__ == "OutOfMemoryError":
            return OutOfMemory(
                f"{self.name} {what}: out of memory.",
                "Shorten the prompt, quantize the model (?quantize=4bit), or choose a smaller one.",
            )
        reason = (str(fault).strip().splitlines() or [""])[0].rstrip(".")
        return ModelError(f"{self.name} {what} ({type(fault).__name__}: {reason}).")

    async def aclose(self) -> None:
        """Let go of the weights. Idempotent; the next call loads again."""
        held, self._network, self._prompter = self._network, None, None
        if held is not None and held.module.device.type == "cuda":
            import torch

            del held
            torch.cuda.empty_cache()


class _Written:
    """Tokens so far, and the text of each addition: decoded with the one before, since tokens join as they please."""

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self.tokens: list[int] = []
        self._anchor = self._shown = 0

    def add(self, fresh: int) -> str:
        """The text that ``fresh`` adds; "" while a character is not whole."""
        self.tokens.append(fresh)
        text = self.rest()
        if not text or text.endswith("\ufffd"):
            return ""
        self._anchor, self._shown = self._shown, len(self.tokens)
        return text

    def rest(self) -> str:
        """The text not given yet."""
        before = self._decode(self.tokens[self._anchor : self._shown])
        return self._decode(self.tokens[self._anchor :])[len(before) :]
