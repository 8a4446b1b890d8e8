"""Models of the Hugging Face hub, or of a local folder, by transformers and torch in this process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

from ..config import default_threads
from ..errors import BadInput, ContextOverflow, MissingDependency, ModelError, OutOfMemory, WeightsMissing
from .protocol import Abilities, ChatRequest, Choice, Delta, Finish, Message, StopReason, TextDelta, TokenUsage
from .pull import Progress, ProgressEvent
from .scoring import Branching
from .stopping import StopCutter
from .thinking import ThinkSplitter

__all__ = ["HfModel"]


class HfModel:
    """One causal language model: bf16 on a CUDA device where there is one, fp32 on the CPU.

    Cheap to make; :meth:`ready` or the first call loads. One generation at a time: the next one waits. Closing a
    stream ends its generation at the next token.

    Args:
        source: ``ORG/NAME`` on the hub (or in its cache), or the path of a folder with weights and tokenizer.
        context: context window in tokens; None takes the model's own.

    Raises:
        MissingDependency: torch or transformers is not installed.
    """

    abilities = Abilities(prefill=True, score=True, seed=True, local=True)

    def __init__(self, source: str, *, context: int | None = None) -> None:
        from importlib.util import find_spec

        if find_spec("torch") is None or find_spec("transformers") is None:
            raise MissingDependency(f"hf/{source} needs torch and transformers.", "Run: pip install 'codesteer[hf]'")
        self.name = f"hf/{source}"
        self.context_window: int | None = context
        self._source = source
        self._network: Any = None
        self._tokenizer: Any = None
        self._loading = threading.Lock()
        self._busy = threading.Lock()

    def __repr__(self) -> str:
        return f"<HfModel {self.name}>"

    async def ready(self, progress: Progress | None = None) -> None:
        """Load the model, downloading it first where the hub's cache has it not.

        Raises:
            WeightsMissing: there is no such folder or repository, or it cannot be fetched.
            OutOfMemory: it does not fit.
            ModelError: it has no chat template, or cannot be loaded.
        """
        if self._network is None:
            if progress is not None:
                progress(ProgressEvent(done=0, total=0, source="load", note=f"loading {self.name}"))
            await asyncio.to_thread(self._load)

    def _load(self) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        with self._loading:
            if self._network is not None:
                return
            if self._source.startswith(("/", "~", ".")) and not Path(self._source).expanduser().is_dir():
                raise WeightsMissing(f"There is no folder {self._source}.", "Give a folder, or ORG/NAME.")
            source = str(Path(self._source).expanduser()) if self._source.startswith("~") else self._source
            cuda = torch.cuda.is_available()
            try:
                tokenizer = AutoTokenizer.from_pretrained(source)
                # bf16 on a CPU without units for it is unusable: 0.8 tokens/s were measured.
                how = {"dtype": torch.bfloat16, "device_map": "auto"} if cuda else {"dtype": torch.float32}
                network = AutoModelForCausalLM.from_pretrained(source, **how)
            except (MemoryError, torch.cuda.OutOfMemoryError) as fault:
                raise OutOfMemory(
                    f"{self.name} does not fit into memory ({fault}).", "Choose a smaller model."
                ) from None
            except OSError as fault:
                reason = str(fault).strip().splitlines()[0]
                raise WeightsMissing(
                    f"{self.name} could not be fetched ({reason}).", "Check the name and the network."
                ) from None
            except (ValueError, KeyError, RuntimeError, ImportError) as fault:
                reason = str(fault).strip().splitlines()[0] if str(fault).strip() else type(fault).__name__
                raise ModelError(f"{self.name} could not be loaded ({reason}).") from None
            if not tokenizer.chat_template:
                raise ModelError(f"{self.name} has no chat template.", "Use an instruction-tuned model.")
            if not cuda:
                torch.set_num_threads(default_threads())
            network.eval()
            if self.context_window is None:
                self.context_window = getattr(network.config, "max_position_embeddings", None)
            self._tokenizer, self._network = tokenizer, network

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Generate; see :class:`~codesteer_kernel.models.protocol.ChatModel`."""
        request.check(self)
        await self.ready()
        prompt, tokens = await asyncio.to_thread(self._prompt, request.messages)
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[list[int] | BaseException | None] = asyncio.Queue()
        cancelled = threading.Event()

        def deliver(item: list[int] | BaseException | None) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(pieces.put_nowait, item)

        work = threading.Thread(
            target=self._generate, args=(request, tokens, deliver, cancelled), name="hf-generate", daemon=True
        )
        splitter = ThinkSplitter(inside=prompt.rstrip().endswith("<think>"))
        cutter = StopCutter(request.stop)
        written = _Written(self._tokenizer)
        work.start()
        try:
            while (item := await pieces.get()) is not None:
                if isinstance(item, BaseException):
                    raise self._fault(item)
                for delta in self._split(splitter, cutter, written.add(item)):
                    yield delta
                if cutter.hit:
                    break
        finally:
            cancelled.set()
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
        reason: StopReason = "stop_string" if cutter.hit else "end" if self._ended(made) else "length"
        yield Finish(reason=reason, usage=TokenUsage(input_tokens=len(tokens), output_tokens=len(made)))

    @staticmethod
    def _split(splitter: ThinkSplitter, cutter: StopCutter, text: str) -> list[Delta]:
        out: list[Delta] = []
        for piece in splitter.feed(text):
            if not isinstance(piece, TextDelta):
                out.append(piece)
            elif kept := cutter.feed(piece.text):
                out.append(TextDelta(kept))
        return out

    def _ended(self, made: list[int]) -> bool:
        return bool(made) and made[-1] in self._ends()

    def _ends(self) -> set[int]:
        config = self._network.generation_config
        ends = config.eos_token_id if config.eos_token_id is not None else self._tokenizer.eos_token_id
        return set(ends) if isinstance(ends, list) else {ends} if ends is not None else set()

    def _generate(self, request: ChatRequest, tokens: list[int], deliver: Any, cancelled: threading.Event) -> None:
        """Body of the generating thread: token ids, then None, or the fault."""
        try:
            import torch

            class Tap:
                """What transformers calls a streamer: gets the prompt first, then each new token."""

                def __init__(self) -> None:
                    self.prompt = True

                def put(self, value: Any) -> None:
                    if self.prompt:
                        self.prompt = False
                    else:
                        deliver(value.reshape(-1).tolist())

                def end(self) -> None:
                    pass

            def stop(ids: Any, scores: Any, **_: Any) -> Any:
                return torch.full((ids.shape[0],), cancelled.is_set(), dtype=torch.bool, device=ids.device)

            temperature = 1.0 if request.temperature is None else request.temperature
            how: dict[str, Any] = {"do_sample": temperature > 0}
            if temperature > 0:
                how["temperature"] = temperature
            else:
                # A model's own sampling defaults mean nothing here, and transformers warns of them.
                how |= {"temperature": None, "top_p": None, "top_k": None}
            with self._busy, torch.inference_mode():
                if not cancelled.is_set():
                    if request.seed is not None:
                        torch.manual_seed(request.seed)
                    ids = torch.tensor([tokens], device=self._network.device)
                    self._network.generate(
                        ids,
                        attention_mask=torch.ones_like(ids),
                        max_new_tokens=request.max_tokens,
                        pad_token_id=self._pad(),
                        streamer=Tap(),
                        stopping_criteria=[stop],
                        **how,
                    )
            deliver(None)
        except BaseException as fault:  # noqa: BLE001 - it goes to the caller's task
            deliver(fault)

    def _pad(self) -> int:
        pad = self._tokenizer.pad_token_id
        return int(pad if pad is not None else next(iter(self._ends()), 0))

    async def score(self, messages: Sequence[Message], choices: Sequence[str], *, slot: str = "") -> Choice:
        """Probabilities of ``choices`` as the continuation of the last (assistant) message.

        See :meth:`codesteer_kernel.models.local.LocalModel.score`; one forward pass for each place where they part.
        """
        if not messages or messages[-1].role != "assistant":
            raise BadInput("The last message to score must be an assistant turn.")
        await self.ready()
        return await asyncio.to_thread(self._score, messages, choices)

    def _score(self, messages: Sequence[Message], choices: Sequence[str]) -> Choice:
        import torch

        prompt, _ = self._prompt(messages)
        branching = Branching({choice: self._tokens(prompt + choice) for choice in choices})
        read = 0
        with self._busy, torch.inference_mode():
            for shared, candidates in branching.places():
                ids = torch.tensor([shared], device=self._network.device)
                logits = self._network(ids).logits[0, -1, list(candidates)].float()
                odds = torch.log_softmax(logits, dim=-1).tolist()
                branching.settle(dict(zip(candidates, odds, strict=True)))
                read += len(shared)
        return Choice(probabilities=branching.probabilities(), usage=TokenUsage(input_tokens=read))

    def _prompt(self, messages: Sequence[Message]) -> tuple[str, list[int]]:
        turns = [{"role": message.role, "content": message.content} for message in messages]
        continued = messages[-1].role == "assistant"
        try:
            text = self._tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=not continued, continue_final_message=continued
            )
        except Exception as fault:  # noqa: BLE001 - the template is the model's own program; it may refuse a role
            raise ModelError(f"The chat template of {self.name} refuses the conversation ({fault}).") from None
        if continued and not text.endswith(turns[-1]["content"]):
            # Templates trim; what is to be continued counts to its last blank.
            text += turns[-1]["content"][len(turns[-1]["content"].rstrip()) :]
        tokens = self._tokens(text)
        if self.context_window is not None and len(tokens) >= self.context_window:
            raise ContextOverflow(
                f"The prompt has {len(tokens)} tokens and the context window of {self.name} holds "
                f"{self.context_window}.",
                "Shorten the question or its inputs, or use a model with a larger window.",
            )
        return text, tokens

    def _tokens(self, text: str) -> list[int]:
        return [int(token) for token in self._tokenizer(text, add_special_tokens=False)["input_ids"]]

    def _fault(self, fault: BaseException) -> ModelError:
        if isinstance(fault, ModelError):
            return fault
        if isinstance(fault, MemoryError) or type(fault).__name__ == "OutOfMemoryError":
            return OutOfMemory(f"{self.name} ran out of memory.", "Shorten the prompt, or choose a smaller model.")
        return ModelError(f"{self.name} failed while generating ({type(fault).__name__}: {fault}).")

    async def aclose(self) -> None:
        """Let go of the weights. Idempotent; the next call loads again."""
        self._network = self._tokenizer = None


class _Written:
    """Token ids so far, and the text of each addition: decoded with the one before, since tokens join as they please."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.tokens: list[int] = []
        self._anchor = self._shown = 0

    def add(self, fresh: list[int]) -> str:
        """The text that ``fresh`` adds; "" while a character is not whole."""
        self.tokens += fresh
        text = self.rest()
        if not text or text.endswith("\ufffd"):
            return ""
        self._anchor, self._shown = self._shown, len(self.tokens)
        return text

    def rest(self) -> str:
        """The text not given yet."""
        before = self._decode(self.tokens[self._anchor : self._shown])
        return self._decode(self.tokens[self._anchor :])[len(before) :]

    def _decode(self, tokens: list[int]) -> str:
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True))
