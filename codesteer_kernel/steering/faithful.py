"""The published loop, for comparisons: its order, its limits, its mistakes (codesteer.md, sections 1.1 to 1.8).

At most so many guidances, so one answer more. The target never sees what its program printed; only the first block runs;
the test is free text that nobody parses; stop words count wherever they stand; the last answer is the answer, reviewed or
not. What is *not* reproduced: programs run in the child kernel, so that they harm nothing, a crash of the harness over
bytes, and a program of an earlier round that is run again for a final answer in words.
"""

from __future__ import annotations

from codesteer_kernel.checkers.published import rate_published
from codesteer_kernel.models.protocol import ChatModel, ChatRequest, Message
from codesteer_kernel.record import Decision, Execution
from codesteer_kernel.record import events as ev
from codesteer_kernel.steering.acts import Acts, Ending
from codesteer_kernel.steering.conversation import told
from codesteer_kernel.steering.extraction import result_of_output, result_of_text
from codesteer_kernel.steering.prompts import CODESTEER_V1, load_prompts
from codesteer_kernel.steering.published import first_block, read_signal, told_execution, told_review, told_symbolic

__all__ = ["faithful"]

# Section 1.1.
TARGET_TOKENS = 2_000
STEERER_TOKENS = 1_024
STEERER_TEMPERATURE = 0.95
STEERER_TOP_P = 0.7
STEERER_TOP_K = 50
CODE_SECONDS = 10.0
FINAL_SECONDS = 15.0
# Section 1.6: so many programs are tried, and for each so many replies until one holds a block.
CHECK_ATTEMPTS = 3
CHECK_GENERATIONS = 5
CHECK_CHARS = 8_000
# Section 1.9: what a program that prints nothing may have called its result.
RESULT_NAMES = ("result", "Answer", "answer")
# That there is no such name is no failure of a program that printed its answer itself (section 1.8).
_ASKED = """{code}
try:
    print({name})
except NameError:
    pass
"""


async def faithful(acts: Acts, guidances: int) -> Ending:
    """Run the published loop with at most ``guidances`` guidances after the first."""
    return await _Faithful(acts).run(guidances)


class _Faithful:
    def __init__(self, acts: Acts) -> None:
        self._acts = acts
        self._prompts = load_prompts(CODESTEER_V1)
        self._question = told(acts.question)
        self._steerer: list[Message] = []
        self._target: list[Message] = [Message(role="system", content="")]

    async def run(self, guidances: int) -> Ending:
        acts = self._acts
        acts.enter("choosing")
        raw = await self._steer(self._prompts.text("choose", question=self._question), "choice", 0)
        # Section 1.3: the whole reply goes in front of the question, whatever it says.
        decision = _decision(raw, raw)
        response = await self._round(1, decision, raw + self._question)
        for number in range(1, guidances + 1):
            shown, symbolic = await self._review(response, number)
            check = await self._check(shown, number)
            acts.enter("steering")
            raw = await self._steer(told_review(self._prompts, shown, check, symbolic), "review", number)
            signal = read_signal(raw)
            decision = _decision(raw, self._prompts.text(signal) if signal in ("code", "text") else raw)
            if signal in ("return", "terminate"):
                await self._finish(response, number)
                return Ending("done", decision)
            acts.emitter.emit(ev.RoundEnded, round=number, result=self._result(number))
            response = await self._round(number + 1, decision, decision.guidance)
        await self._finish(response, guidances + 1)
        return Ending("exhausted", decision)

    async def _steer(self, turn: str, purpose: str, index: int) -> str:
        self._steerer.append(Message(role="user", content=turn))
        request = ChatRequest(
            messages=tuple(self._steerer),
            max_tokens=STEERER_TOKENS,
            temperature=STEERER_TEMPERATURE,
            top_p=STEERER_TOP_P,
            top_k=STEERER_TOP_K,
            seed=self._acts.config.seed,
            slot="steerer",
        )
        reply = await self._acts.calls.stream(
            self._acts.roles.steerer, request, role="steerer", purpose=purpose, round=index
        )
        self._steerer.append(Message(role="assistant", content=reply.text))
        return reply.text

    async def _round(self, index: int, decision: Decision, turn: str) -> str:
        """Ask the target; its own program's output is never put before it."""
        acts = self._acts
        acts.emitter.emit(ev.RoundStarted, round=index, decision=decision)
        acts.enter("answering")
        self._target.append(Message(role="user", content=turn))
        request = ChatRequest(
            messages=tuple(self._target),
            max_tokens=TARGET_TOKENS,
            temperature=0.0,
            seed=acts.config.seed,
            slot="target",
        )
        answer = await acts.answer(request, index, read_code=first_block)
        self._target.append(Message(role="assistant", content=answer.text))
        return answer.text

    async def _review(self, response: str, index: int) -> tuple[str, str | None]:
        """Run the program; returns the answer as the steerer sees it, and what the symbolic checker says."""
        code = first_block(response)
        if code is None:
            return response, None
        await self._acts.rate(code, index)
        execution, _ = await self._acts.execute(code, index, seconds=CODE_SECONDS)
        shown = response + told_execution(self._prompts, execution)
        return shown, told_symbolic(self._prompts, rate_published(code))

    async def _check(self, response: str, index: int) -> str:
        """Test the answer; returns the feedback as free text."""
        acts, prompts = self._acts, self._prompts
        acts.enter("checking")
        turn = prompts.text("check", question=self._question, response=response)
        ran = Execution()
        for _ in range(CHECK_ATTEMPTS):
            code = None
            for _ in range(CHECK_GENERATIONS):
                code = first_block(await self._ask(acts.roles.checker, turn, index))
                if code is not None:
                    break
            if code is None:
                return prompts.text("check_missing")
            ran = await acts.run_apart(code, seconds=CODE_SECONDS)
            if not ran.stderr and ran.status == "ok":
                return prompts.text("check_output", output=ran.stdout)
        errors = ran.stderr or ran.error
        if ran.status == "timeout":
            return prompts.text("check_errors", errors=errors)
        if len(ran.stdout) > CHECK_CHARS:
            return prompts.text("check_long")
        return prompts.text("check_both", output=ran.stdout, errors=errors)

    async def _ask(self, model: ChatModel, turn: str, index: int) -> str:
        request = ChatRequest(
            messages=(Message(role="system", content=""), Message(role="user", content=turn)),
            max_tokens=TARGET_TOKENS,
            temperature=0.0,
            slot="checker",
        )
        reply = await self._acts.calls.stream(model, request, role="checker", purpose="checking program", round=index)
        return reply.text

    async def _finish(self, response: str, index: int) -> None:
        """Run the last answer's program once more, as scoring does, and again for names it may have used (section 1.8)."""
        acts, code = self._acts, first_block(response)
        if code is not None:
            acts.enter("executing")
            execution = Execution()
            for name in RESULT_NAMES:
                execution = await acts.run_apart(_ASKED.format(code=code, name=name), seconds=FINAL_SECONDS)
                if execution.stdout:
                    break
            acts.emitter.emit(ev.Executed, round=index, execution=execution, result=result_of_output(execution.stdout))
        acts.emitter.emit(ev.RoundEnded, round=index, result=self._result(index))

    def _result(self, index: int) -> str:
        this = self._acts.record.rounds[index - 1]
        return this.result or ("" if this.answer.code else result_of_text(this.answer.text))


def _decision(raw: str, guidance: str) -> Decision:
    signal = read_signal(raw)
    return Decision(
        kind="refine" if signal == "guidance" else signal,
        source="model",
        guidance="" if signal in ("return", "terminate") else guidance,
        guidance_source="model" if signal == "guidance" else "template",
        raw=raw,
    )
