"""The question's checking program in a run: when it is written, and what it says of each answer."""

from __future__ import annotations

import asyncio

from codesteer_kernel.checkers import CheckProgram, run_check, write_check
from codesteer_kernel.errors import CodeSteerError
from codesteer_kernel.record import SelfAnswer
from codesteer_kernel.steering.acts import Acts
from codesteer_kernel.steering.budget import BudgetHit
from codesteer_kernel.steering.conversation import check_request
from codesteer_kernel.steering.extraction import code_block

__all__ = ["Testing"]


class Testing:
    """Tests the answers of one run with a program that is written once, from the question alone."""

    __test__ = False  # a word of the house, not a test class

    def __init__(self, acts: Acts) -> None:
        self._acts = acts
        self._writing: asyncio.Task[CheckProgram] | None = None
        self._program: CheckProgram | None = None

    def begin(self, index: int) -> None:
        """Have a hosted model write the program while the target answers; a local one has no core to spare."""
        if self._writing is None and not self._acts.roles.checker.abilities.local:
            self._writing = asyncio.create_task(self._write(index))

    async def test(self, result: str, index: int) -> SelfAnswer:
        """The verdict on ``result``; the program is written now where it is not there yet."""
        self._acts.enter("checking")
        if self._program is None:
            if self._writing is None:
                self._writing = asyncio.create_task(self._write(index))
            try:
                self._program = await self._writing
            except BudgetHit:
                raise
            except CodeSteerError as fault:
                # An answer that cannot be tested is still an answer.
                self._program = CheckProgram(fault=f"no checking program could be written: {fault.message}")
        return await run_check(self._program, result, self._acts.run_apart)

    async def close(self) -> None:
        """End the call that writes the program, if it goes on."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)

    async def _write(self, index: int) -> CheckProgram:
        acts = self._acts
        request, head = check_request(acts.question, acts.roles.checker, acts.config)

        async def ask() -> str:
            reply = await acts.calls.stream(
                acts.roles.checker, request, role="checker", purpose="checking program", round=index
            )
            return head + reply.text if head else code_block(reply.text) or ""

        return await write_check(ask)
