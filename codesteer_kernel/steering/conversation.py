"""What the target is told, round by round: one growing conversation, only ever appended to (prefix caches rely on it).

A model that does not mend its programs is asked for another one in a new conversation, which begins with the question too.
"""

from __future__ import annotations

from msgspec.structs import replace

from codesteer_kernel.checkers.self_answer import check_head
from codesteer_kernel.models.protocol import ChatModel, ChatRequest, Message
from codesteer_kernel.record import Answer, Decision, Question, Record, RunConfig, cut_middle
from codesteer_kernel.steering.extraction import only_answers
from codesteer_kernel.steering.forms import asked_form
from codesteer_kernel.steering.prompts import load_prompts
from codesteer_kernel.steering.repetition import without_circles

__all__ = ["Conversation", "anew", "check_request", "follow_up", "told"]

# Asked for its program again, the 1.5B mostly repeats itself: of 8 questions that took three rounds, 7 had the same result in
# each. What breaks the spell is a first line that cannot be copied, and some temperature (seeded, another seed each round:
# at 0.2 the 0.5B gave 48 of 58 again word for word). Where there is no
# program to mend (after words, or after a reply that went in circles) the 0.5B goes on about what was wrong until its
# tokens are used up (docs/results): there it starts afresh.
RETRY_TEMPERATURE = 0.6
SAMPLE_TEMPERATURE = 0.7
# So many seeds lie between two rounds: more than a run has samples.
_SEEDS = 1_000
RETRY = "# Another try. What was wrong:"

# Small models write better programs when the fence is already open (5 of 8 against 2 of 8: reference/models.md,
# section 5); the stop string then ends the call with the program. What they sometimes write behind it is no program but an
# answer (`Yes`, `print("<<<16 * 63>>>")`): then, and always for a model whose `opening` says so, the fence is followed by the
# head of a function. Of 48 first programs on problems like SymBench's easiest the 0.5B had 12 right with it, of 17
# without it 2; the 1.5B 8 and 14 of 24 (docs/steering.md).
FENCE = "```python\n"
FUNCTION = "def solve():"
STOP = "\n```"

# What a writer of tests is shown of an answer, and of what went wrong.
ANSWER_CHARS = 1_500
FAULT_CHARS = 600
EARLIER_CODE_CHARS = 4_000


def told(question: Question, *, with_outputs: bool = True) -> str:
    """Return the question as models see it: the prompt as typed, then what is known of inputs and wanted outputs."""
    prompts = load_prompts("target")
    text = question.prompt.strip()
    if question.context:
        text = f"{question.context.strip()}\n\n{text}"
    for part, files in (("inputs", False), ("files", True)):
        lines = [one.summary or f"{one.name}: {one.type}" for one in question.inputs if (one.type == "file") == files]
        if lines:
            text += "\n" + prompts.text(part, summaries="\n".join(lines))
    if question.outputs and with_outputs:
        text += "\n" + prompts.text("outputs", names=", ".join(question.outputs))
    return text


def follow_up(record: Record) -> str:
    """What the models are told of an earlier run that a question goes on from; bounded."""
    answer = record.answer
    return load_prompts("target").text(
        "follow_up",
        context=f"{record.question.context}\n\n" if record.question.context else "",
        question=cut_middle(record.question.prompt.strip(), ANSWER_CHARS),
        answer=cut_middle(answer.text.strip(), ANSWER_CHARS) if answer else "(none)",
        program=f"\nThe program behind it:\n{FENCE}{cut_middle(answer.code.strip(), EARLIER_CODE_CHARS)}{STOP}"
        if answer and answer.code
        else "",
    )


class Conversation:
    """The target's side of a run.

    A decision whose guidance is the template ``anew`` begins a new conversation with the question and a plan.
    ``sample`` numbers conversations that are to differ from each other from the first answer on; None for the only one.
    """

    def __init__(self, question: Question, model: ChatModel, config: RunConfig, *, sample: int | None = None) -> None:
        self._question = told(question)
        self._marked = asked_form(question.prompt).marked
        self._model = model
        self._config = config
        self._sample = sample
        self._messages: list[Message] = []
        self._opening = model.abilities.opening
        self._programs = False  # whether one was asked for last
        self._forgotten = 0  # turns of conversations that were left for a new one
        self._planned = False  # whether a plan was asked for
        self.prefix = ""

    def request(self, decision: Decision, *, code: bool) -> ChatRequest:
        """Append the user turn that ``decision`` calls for and return the request; ``prefix`` is its prefilled text."""
        prompts = load_prompts("target")
        way = "code" if code else "marked_text" if self._marked else "text"
        turns = len(self._messages) // 2 + self._forgotten
        anew = code and bool(self._messages) and decision.guidance == prompts.text("guidance.anew")
        if anew:
            self._forgotten = turns
            self._messages.clear()
            turn = prompts.text("anew_code", question=self._question)
        elif not self._messages:
            turn = prompts.text(way, question=self._question)
            if decision.guidance:
                turn = f"{decision.guidance}\n\n{turn}"
        elif self._programs and not code and self._model.abilities.local:
            turn = prompts.text(f"afresh_{way}", guidance=decision.guidance, question=self._question)
        else:
            turn = prompts.text(f"guided_{way}", guidance=decision.guidance)
        self._programs = code
        # What is asked in other words than before is asked as the first time, once.
        again = turns > 0 and (not anew or self._planned)
        self._planned = self._planned or anew
        self._messages.append(Message(role="user", content=turn))
        self.prefix = ""
        if code and not anew and self._model.abilities.prefill:
            self.prefix = FENCE + self._opening
        prefill = (Message(role="assistant", content=self.prefix),) if self.prefix else ()
        return ChatRequest(
            messages=(*self._messages, *prefill),
            max_tokens=self._config.max_tokens,
            thinking=self._config.thinking,
            repeat_partial=self._config.repeat_partial,
            temperature=self._temperature(again),
            seed=None if self._config.seed is None else self._config.seed + (self._sample or 0) + _SEEDS * turns,
            stop=(STOP,) if self.prefix else (),
            slot="target",
        )

    def _temperature(self, again: bool) -> float:
        """The configured temperature, unless the answers would all be the same at it."""
        if not again and self._sample is not None:
            return max(self._config.temperature, SAMPLE_TEMPERATURE)
        warm = again and self._model.abilities.local
        return max(self._config.temperature, RETRY_TEMPERATURE) if warm else self._config.temperature

    def answered(self, answer: Answer) -> None:
        """Append the target's turn; what it said in circles is kept once."""
        circles = answer.stop == "repetition"
        abilities, code = self._model.abilities, "" if circles else answer.code or ""
        if code and only_answers(code):
            self._opening = FUNCTION
        elif abilities.local and any(_is_code(line) for line in code.splitlines()):
            self._opening = RETRY
        else:
            self._opening = abilities.opening
        text = without_circles(answer.text) if circles else answer.text
        self._messages.append(Message(role="assistant", content=text or "(nothing)"))


def anew(decision: Decision) -> Decision:
    """``decision``, to refine a program, with another program in place of a mended one."""
    return replace(decision, guidance=load_prompts("target").text("guidance.anew"), guidance_source="template")


def _is_code(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def check_request(
    question: Question,
    model: ChatModel,
    config: RunConfig,
    *,
    answer: str | None = None,
    broken: tuple[str, str] | None = None,
) -> tuple[ChatRequest, str]:
    """Return the request for a checking program and the program text that its reply continues.

    Args:
        question: what the program tests answers to.
        model: who writes it.
        config: the run's settings.
        answer: the answer that it is for; None for a program that tests any.
        broken: a program that was written before, and what went wrong with it.
    """
    prompts = load_prompts("target")
    turn = prompts.text("check", question=told(question, with_outputs=False))
    if answer is not None:
        turn += prompts.text("check_answer", answer=cut_middle(answer, ANSWER_CHARS))
    messages = [Message(role="user", content=turn)]
    if broken is not None:
        code, fault = broken
        messages.append(Message(role="assistant", content=f"{FENCE}{code.strip()}{STOP}"))
        repair = prompts.text("check_repair", fault=cut_middle(fault, FAULT_CHARS))
        messages.append(Message(role="user", content=repair))
    head = ""
    if model.abilities.prefill:
        head = check_head
        messages.append(Message(role="assistant", content=FENCE + head))
    request = ChatRequest(
        messages=tuple(messages),
        max_tokens=config.max_tokens,
        repeat_partial=config.repeat_partial,
        temperature=config.temperature,
        seed=config.seed,
        stop=(STOP,) if head else (),
        slot="checker",
    )
    return request, head
