"""The question's checking program in a run: when it is written, when it is mended, and what it says of each answer."""

from __future__ import annotations

import asyncio

from codesteer_kernel.checkers import CheckProgram, read_check, run_check
from codesteer_kernel.errors import CodeSteerError
from codesteer_kernel.record import Execution, SelfAnswer
from codesteer_kernel.steering.acts import Acts
from codesteer_kernel.steering.budget import BudgetHit
from codesteer_kernel.steering.conversation import check_request
from codesteer_kernel.steering.extraction import code_block, normalised

__all__ = ["Testing"]


class Testing:
    """Tests the answers of one run.

    One program is written from the question alone and tests every answer. When it is broken its writer sees the error,
    once. When it still says nothing (it only quotes a guess, or never runs), a hosted writer is shown the answer and writes
    a program for that answer alone; from a small local one such a program would only repeat the answer.
    """

    __test__ = False  # a word of the house, not a test class

    def __init__(self, acts: Acts) -> None:
        self._acts = acts
        self._local = acts.roles.checker.abilities.local
        self._writing: asyncio.Task[CheckProgram] | None = None
        self._program: CheckProgram | None = None
        self._mended = False
        self._of_answers: dict[str, CheckProgram] = {}

    def begin(self, index: int) -> None:
        """Have a hosted model write the program while the target answers; a local one has no core to spare."""
        if self._writing is None and not self._local:
            self._writing = asyncio.create_task(self._write(index))

    async def test(self, result: str, index: int) -> SelfAnswer:
        """The verdict on ``result``; programs are written now where they are not there yet."""
        self._acts.enter("checking")
        try:
            return await self._verdict(result, index)
        except BudgetHit:
            raise
        except CodeSteerError as fault:
            # An answer that cannot be tested is still an answer.
            return SelfAnswer(verdict="broken", reason=f"no checking program could be written: {fault.message}")

    async def _verdict(self, result: str, index: int) -> SelfAnswer:
        if self._program is None:
            if self._writing is None:
                self._writing = asyncio.create_task(self._write(index))
            self._program = await self._writing
        verdict = await run_check(self._program, result, self._run)
        if verdict.verdict == "broken" and not self._mended:
            self._mended = True
            self._program = await self._write(index, broken=(self._program.code, _fault(verdict)))
            verdict = await run_check(self._program, result, self._run)
        if verdict.verdict == "broken" or not self._program.usable:
            return await self._test_alone(result, index) or verdict
        return verdict

    async def _test_alone(self, result: str, index: int) -> SelfAnswer | None:
        if self._local:
            return None
        key = normalised(result)
        if key not in self._of_answers:
            self._of_answers[key] = await self._write(index, answer=result)
        return await run_check(self._of_answers[key], result, self._run)

    async def close(self) -> None:
        """End the call that writes the program, if it goes on."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)

    async def _write(
        self, index: int, *, answer: str | None = None, broken: tuple[str, str] | None = None
    ) -> CheckProgram:
        acts = self._acts
        request, head = check_request(acts.question, acts.roles.checker, acts.config, answer=answer, broken=broken)
        purpose = "testing one answer" if answer is not None else "checking program" + (" repair" if broken else "")
        reply = await acts.calls.stream(acts.roles.checker, request, role="checker", purpose=purpose, round=index)
        return read_check(head + reply.text if head else code_block(reply.text) or "")

    async def _run(self, code: str) -> Execution:
        return await self._acts.run_apart(code, seconds=self._acts.config.check_seconds)


def _fault(verdict: SelfAnswer) -> str:
    """What the writer of a broken program is told."""
    trace = verdict.execution.traceback.strip() if verdict.execution else ""
    return f"{verdict.reason}\n{trace}" if trace else verdict.reason
