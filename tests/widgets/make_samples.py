"""Writes the sample records beside this file: ``python tests/widgets/make_samples.py``.

They are folded from events like the engine's, so they have the shape of real runs; a test checks them against the
schema. The figure and the table come from matplotlib and pandas.
"""

from __future__ import annotations

import base64
import io
import json
import sys
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).parents[2]))

from codesteer_kernel.record import (
    Answer,
    Bound,
    Budget,
    Decision,
    Execution,
    Failure,
    FinalAnswer,
    InputSummary,
    Models,
    Output,
    Question,
    Record,
    RunConfig,
    SelfAnswer,
    Support,
    Symbolic,
    Usage,
    fold,
)
from codesteer_kernel.record import events as ev

FOLDER = Path(__file__).with_name("samples")
LOCAL = "local/qwen2.5-coder-1.5b"
MODELS = Models(target=LOCAL, steerer=LOCAL, checker=LOCAL)
TIER = "limits+landlock+no-tcp"


class Story:
    """Events with a clock: ``at`` moves on by the given seconds before each."""

    def __init__(self, question: Question, models: Models = MODELS, rounds: int = 3, seed: int | None = 7) -> None:
        self.clock = 0.0
        self.events: list[Any] = []
        self.index = 0
        self.tell(
            ev.RunStarted,
            0.0,
            id="r-7f3a2c91",
            started="2026-01-15T09:30:00Z",
            question=question,
            models=models,
            config=RunConfig(max_tokens=256, seed=seed, prompts="mini-1:5d0c"),
            budget=Budget(rounds=rounds),
            versions={"codesteer": "0.1.0", "python": "3.11.7"},
        )

    def tell(self, kind: type, after: float, **facts: Any) -> Story:
        self.clock += after
        self.events.append(kind(seq=len(self.events) + 1, at=round(self.clock, 3), **facts))
        return self

    def phase(self, name: str, after: float = 0.02, note: str = "") -> Story:
        return self.tell(ev.PhaseEntered, after, phase=name, note=note)

    def call(
        self, after: float, role: str, tokens: tuple[int, int], cost: float | None = 0.0, cached: int = 0
    ) -> Story:
        usage = Usage(calls=1, input_tokens=tokens[0], cached_tokens=cached, output_tokens=tokens[1], cost=cost)
        return self.tell(
            ev.CallMade, after, role=role, model=LOCAL, purpose=role, usage=usage, seconds=after, round=self.index
        )

    def round(self, decision: Decision) -> Story:
        self.index += 1
        return self.tell(ev.RoundStarted, 0.01, round=self.index, decision=decision)

    def delta(self, after: float, text: str) -> Story:
        return self.tell(ev.AnswerDelta, after, round=self.index, text=text)

    def answer(self, text: str, code: str | None = None, stop: str = "end") -> Story:
        answer = Answer(text=text, code=code, complete=True, stop=stop)
        return self.tell(ev.Answered, 0.01, round=self.index, answer=answer, first_token=0.8)

    def symbolic(self, score: float, methods: list[str], note: str, suspicious: bool = False) -> Story:
        rating = Symbolic(score=score, methods=methods, note=note, suspicious=suspicious)
        return self.tell(ev.CheckedSymbolic, 0.001, round=self.index, symbolic=rating)

    def executed(self, after: float, execution: Execution, result: str = "") -> Story:
        return self.tell(ev.Executed, after, round=self.index, execution=execution, result=result)

    def checked(self, verdict: SelfAnswer) -> Story:
        return self.tell(ev.CheckedSelfAnswer, 0.05, round=self.index, self_answer=verdict)

    def ended(self, result: str = "") -> Story:
        return self.tell(ev.RoundEnded, 0.01, round=self.index, result=result)

    def end(self, status: str, **facts: Any) -> Record:
        self.tell(ev.RunEnded, 0.05, status=status, **facts)
        return self.record()

    def record(self) -> Record:
        return fold(self.events)


def ran(stdout: str = "", seconds: float = 0.14, **facts: Any) -> Execution:
    return Execution(**{"status": "ok", "tier": TIER, "peak_mb": 31.0} | facts, stdout=stdout, seconds=seconds)


def fenced(code: str) -> str:
    return f"```python\n{code}\n```"


KNIGHT = Question(
    prompt="A knight stands on a1 of an empty 8 by 8 board. In how many squares can it stand after exactly six moves?"
)
WRONG = """moves = [(1, 2), (2, 1), (-1, 2), (-2, 1), (1, -2), (2, -1), (-1, -2), (-2, -1)]

reached = {(0, 0)}
for _ in range(6):
    # every square that can be reached in at most six moves
    reached |= {(x + dx, y + dy) for x, y in reached for dx, dy in moves
                if 0 <= x + dx < 8 and 0 <= y + dy < 8}

print(len(reached))"""
RIGHT = '''moves = [(1, 2), (2, 1), (-1, 2), (-2, 1), (1, -2), (2, -1), (-1, -2), (-2, -1)]


def step(squares):
    """Return all squares one knight move away from any of these."""
    return {
        (x + dx, y + dy)
        for x, y in squares
        for dx, dy in moves
        if 0 <= x + dx < 8 and 0 <= y + dy < 8
    }


squares = {(0, 0)}
for _ in range(6):
    squares = step(squares)

print(len(squares))'''
CHECK = """answer = 64
# A knight changes the colour of its square with every move, so after an even
# number of moves it stands on a square of the colour it began on.
assert answer <= 32, "after six moves only squares of one colour are possible: at most 32"
print("pass")"""
CHOICE = Decision(
    kind="code",
    source="model",
    confidence=0.93,
    probabilities={"code": 0.93, "text": 0.07},
    reason="The steerer finds code likelier to give the right answer.",
    raw="[[CODE]]",
)
REFINE = Decision(
    kind="refine",
    source="model",
    confidence=0.71,
    probabilities={"refine": 0.71, "return": 0.17, "text": 0.12},
    guidance=(
        "A test of your answer failed: after six moves only squares of one colour are possible: at most 32.\n"
        "Count only the squares reached after exactly six moves. Correct the program and print the answer."
    ),
    guidance_source="template",
    reason="The test of the answer failed.",
    raw="[[REFINE]]",
)


def first_round() -> Story:
    story = Story(KNIGHT)
    story.phase("loading", note=f"Loading {LOCAL}").phase("choosing", 1.9).call(0.7, "steerer", (212, 1), cached=160)
    story.round(CHOICE).phase("answering").call(6.8, "target", (148, 141)).answer(fenced(WRONG), WRONG)
    story.symbolic(
        5.5,
        ["nested search", "iteration", "branching"],
        "The program computes its answer: nested search, iteration, branching.",
    )
    story.phase("executing").executed(0.14, ran("64\n"), "64")
    story.phase("checking").call(4.1, "checker", (171, 96))
    return story.checked(
        SelfAnswer(
            verdict="fail",
            reason="after six moves only squares of one colour are possible: at most 32",
            program=CHECK,
            execution=ran(
                "",
                0.09,
                status="error",
                error="AssertionError: after six moves only squares of one colour are possible: at most 32",
            ),
        )
    ).ended("64")


def refined() -> Record:
    story = first_round()
    story.phase("steering").call(1.3, "steerer", (264, 1), cached=212)
    story.round(REFINE).phase("answering").call(8.2, "target", (402, 163), cached=289).answer(fenced(RIGHT), RIGHT)
    story.symbolic(
        7.5,
        ["nested search", "iteration", "functions", "branching"],
        "The program computes its answer: nested search, iteration, functions, branching.",
    )
    story.phase("executing").executed(0.12, ran("32\n", 0.12), "32")
    story.phase("checking").checked(
        SelfAnswer(verdict="pass", program=CHECK.replace("64", "32"), execution=ran("pass\n", 0.08))
    )
    story.ended("32").phase("steering").call(0.9, "steerer", (301, 1), cached=264)
    return story.end(
        "done",
        answer=FinalAnswer(text="32", result="32", round=2, code=RIGHT),
        support=Support(
            level="verified",
            rounds=[2],
            note="Checked by a program.",
            decision=Decision(kind="return", source="model", confidence=0.88, reason="A test of the answer passed."),
        ),
    )


def streaming() -> Record:
    story = first_round()
    story.phase("steering").call(1.3, "steerer", (264, 1), cached=212)
    story.round(REFINE).phase("answering")
    return story.delta(3.1, "```python\n" + "\n".join(RIGHT.splitlines()[:9])).record()


WORDS = """The two sentences use the same word for different things:

1. *Bank* in the first is **the edge of a river**; it comes from Old Norse.
2. *Bank* in the second is **a house that keeps money**; it comes from Italian *banca*, a bench.

| | first | second |
|---|---|---|
| origin | Old Norse *bakki* | Italian *banca* |
| plural | banks | banks |

So they are **homonyms**: the same spelling and sound, without a common meaning. See `bank, n.1` and `bank, n.2` in a [dictionary](https://example.org/bank).
"""


def in_words() -> Record:
    anthropic = Models(target="anthropic/claude-sonnet", steerer=LOCAL, checker="anthropic/claude-sonnet")
    question = "Are 'the bank of the Seine' and 'the bank lent us money' examples of homonyms, or of polysemy?"
    story = Story(Question(prompt=question), anthropic, seed=None)
    story.phase("choosing").call(0.6, "steerer", (198, 1))
    story.round(
        msgspec.structs.replace(
            CHOICE,
            kind="text",
            confidence=0.97,
            probabilities={"text": 0.97, "code": 0.03},
            reason="The steerer finds text likelier to give the right answer.",
            raw="[[TEXT]]",
        )
    )
    story.phase("answering").call(3.4, "target", (61, 182), cost=0.0029).answer(WORDS).ended("homonyms")
    story.phase("steering").call(0.5, "steerer", (240, 1))
    return story.end(
        "done",
        answer=FinalAnswer(text=WORDS.strip(), result="", round=1),
        support=Support(level="unchecked", note="Answered in words; nothing tested it."),
    )


FORMULAS = r"""The sum of the first $n$ odd numbers is a square:

$$
\sum_{k=1}^{n} (2k - 1) = n^2
$$

because \(n(n+1) - n = n^2\). At $3 a number, ten of them cost $30.
"""


def formulas() -> Record:
    story = Story(Question(prompt="What is the sum of the first n odd numbers, and why?"))
    story.phase("choosing").call(0.6, "steerer", (198, 1))
    story.round(Decision(kind="text", source="model", confidence=0.9, reason="Words will do.", raw="[[TEXT]]"))
    story.phase("answering").call(3.4, "target", (61, 82)).answer(FORMULAS).ended("a square")
    return story.end(
        "done",
        answer=FinalAnswer(text=FORMULAS.strip(), result="", round=1),
        support=Support(level="unchecked", note="Answered in words; nothing tested it."),
    )


def rich() -> Record:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    import pandas as pd

    frame = pd.DataFrame(
        {
            "city": ["Lyon", "Oslo", "Porto", "Graz"],
            "nights": [412, 388, 951, 147],
            "revenue": [48211.5, 61034.0, 90211.25, 15880.75],
        }
    )
    figure, axes = plt.subplots(figsize=(4.2, 2.2), dpi=110)
    axes.bar(frame.city, frame.revenue / 1000, color="#4c78a8")
    axes.set_ylabel("revenue, thousand €")
    figure.tight_layout()
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    code = """import matplotlib.pyplot as plt

by_city = bookings.groupby("city", as_index=False)[["nights", "revenue"]].sum()
by_city.plot.bar("city", "revenue")
plt.show()
best = by_city.loc[by_city.revenue.idxmax(), "city"]
by_city"""
    broken = 'best = bookings.groupby("town").revenue.sum().idxmax()\nprint(best)'
    question = Question(
        prompt="Which city earns the most? Plot revenue by city and keep the table.",
        inputs=[
            InputSummary(
                name="bookings",
                type="pandas.DataFrame",
                shape="1898 rows, 5 columns",
                summary="city: str, nights: int64, revenue: float64, ...",
            )
        ],
        outputs=["by_city", "best", "chart"],
    )
    story = Story(question, Models(target="openai/gpt-5-mini", steerer=LOCAL, checker="openai/gpt-5-mini"), rounds=5)
    story.phase("choosing").call(0.7, "steerer", (240, 1)).round(CHOICE).phase("answering")
    story.call(2.2, "target", (210, 44), cost=0.0004).answer(
        "Group by town and take the largest sum.\n\n" + fenced(broken), broken
    )
    story.symbolic(
        1.5, ["data handling"], "The program does little computing; check that it is enough for the question."
    )
    error = "KeyError: 'town'"
    trace = "\x1b[0;31m---------------------------------------------------------------------------\x1b[0m\n\x1b[0;31mKeyError\x1b[0m                                  Traceback (most recent call last)\nCell \x1b[0;32mIn[1], line 1\x1b[0m\n\x1b[0;32m----> 1\x1b[0m best = bookings.groupby(\"town\").revenue.sum().idxmax()\n\n\x1b[0;31mKeyError\x1b[0m: 'town'"
    story.phase("executing").executed(
        0.6, ran("", 0.58, status="error", error=error, traceback=trace, peak_mb=96.0)
    ).ended()
    story.phase("steering").round(
        Decision(
            kind="refine",
            source="rule",
            guidance="The program failed with KeyError: 'town'. The columns are city, nights, revenue, guests, date. Correct it.",
            guidance_source="template",
            reason="The program failed.",
        )
    )
    story.phase("answering").call(3.0, "target", (362, 92), cost=0.0007).answer(fenced(code), code)
    story.symbolic(3.5, ["data handling", "iteration"], "The program computes its answer: data handling, iteration.")
    outputs = [
        Output(
            kind="display",
            data={
                "image/png": base64.b64encode(picture.getvalue()).decode(),
                "text/plain": "<Figure size 462x242 with 1 Axes>",
            },
        ),
        Output(kind="result", data={"text/html": frame.to_html(border=0), "text/plain": str(frame)}),
    ]
    warning = "UserWarning: FigureCanvasAgg is non-interactive, and thus cannot be shown\n  plt.show()\n"
    story.phase("executing").executed(
        1.1, ran("Porto\n", 1.08, stderr=warning, outputs=outputs, peak_mb=141.0, cut={"stdout": 1843}), "Porto"
    )
    story.phase("checking").call(2.0, "checker", (188, 70), cost=None).checked(
        SelfAnswer(verdict="unsure", reason="the checking program gave no verdict")
    )
    story.ended("Porto").phase("binding").tell(
        ev.ResultsBound,
        0.1,
        bound=[
            Bound(name="by_city", type="pandas.DataFrame"),
            Bound(name="best", type="str"),
            Bound(name="chart", error="the program made no variable of this name"),
        ],
    )
    return story.end(
        "done",
        answer=FinalAnswer(text="Porto", result="Porto", round=2, code=code),
        support=Support(
            level="executed", rounds=[2], note="Printed by a program that ran; no test could tell whether it is right."
        ),
    )


def exhausted() -> Record:
    story = first_round()
    story.phase("steering").call(1.3, "steerer", (264, 1), cached=212)
    constant = "print(64)"
    story.round(REFINE).phase("answering").call(1.1, "target", (402, 9)).answer(fenced(constant), constant)
    story.symbolic(0.0, [], "The program prints what it was written with: nothing is computed.", suspicious=True)
    story.phase("executing").executed(0.1, ran("64\n", 0.07), "64").ended("64").phase("steering")
    loop = "while True:\n    pass"
    story.round(
        msgspec.structs.replace(
            REFINE,
            source="fallback",
            confidence=None,
            probabilities={},
            guidance="Compute the answer, do not write it down.",
            reason="The reply of the steerer could not be read.",
            raw="I think we should maybe",
        )
    )
    story.phase("answering").call(2.1, "target", (460, 12)).answer(fenced(loop), loop)
    story.symbolic(2.0, ["iteration"], "The program does little computing; check that it is enough for the question.")
    story.phase("executing").executed(20.0, ran("", 20.0, status="timeout", limit="20 s")).ended()
    return story.end(
        "exhausted",
        hit="rounds",
        answer=FinalAnswer(text="64", result="64", round=1, code=WRONG),
        support=Support(
            level="doubtful",
            rounds=[1, 2],
            note="Doubtful: a test failed it, or the program only prints what it was written with.",
        ),
    )


def stopped() -> Record:
    story = first_round()
    story.phase("steering").call(1.3, "steerer", (264, 1)).round(REFINE).phase("answering")
    story.delta(2.0, "```python\nmoves = [(1, 2), (2, 1), (-1, 2)")
    return story.end(
        "stopped",
        answer=FinalAnswer(text="64", result="64", round=1, code=WRONG),
        support=Support(level="doubtful", rounds=[1], note="Doubtful: a test failed it."),
    )


def failed() -> Record:
    story = Story(KNIGHT, Models(target="anthropic/claude-sonnet", steerer=LOCAL, checker="anthropic/claude-sonnet"))
    story.phase("loading", note="anthropic")
    return story.end(
        "failed",
        error=Failure(
            code="missing_key",
            message="No key for anthropic was found: ANTHROPIC_API_KEY is not set.",
            cure="Set ANTHROPIC_API_KEY in the environment of Jupyter, or use a local model: --target local.",
        ),
    )


def queued() -> Record:
    return Record(id="r-7f3a2c91", question=KNIGHT, models=MODELS, budget=Budget(rounds=3))


def hostile() -> Record:
    bad = (
        "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 2'>"
        "<svg onload='window.pwned = 3'><a href='javascript:window.pwned=4'>click</a></svg>"
        "<iframe src='javascript:parent.pwned=5'></iframe><style>*{display:none}</style>"
    )
    markdown = (
        f"{bad}\n\n[link](javascript:window.pwned=6) ![x](http://127.0.0.1:9/leak.png) <form action='http://127.0.0.1:9/'>"
        "<button>go</button></form>\n\n```python\nprint('</code><script>window.pwned = 7</script>')\n```\n\n"
        "<a href='data:text/html,<script>1</script>'>data</a> <div style='position:fixed;inset:0'>over</div>"
        "<base href='http://127.0.0.1:9/'><input autofocus onfocus='window.pwned=8'>"
    )
    code = f"# {bad}\nx = '\u202e\u2066 admin'\n" + "y" * 900
    story = Story(
        Question(prompt=bad, inputs=[InputSummary(name=bad, type=bad, shape=bad, summary=bad)], outputs=[bad]),
        Models(target=bad, steerer=bad, checker=bad),
    )
    decision = Decision(
        kind="code", source="model", guidance=bad, reason=bad, raw=bad, probabilities={bad: 0.5}, confidence=7.0
    )
    story.phase("answering", note=bad).round(decision).answer(markdown, code)
    story.symbolic(99.0, [bad], bad)
    outputs = [
        Output(kind="display", data={"text/html": markdown}),
        Output(kind="display", data={"image/png": "x' onerror='window.pwned=9"}),
        Output(
            kind="display",
            data={
                "image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' onload='window.pwned=10'><script>window.pwned=11</script></svg>"
            },
        ),
        Output(kind="display", data={"application/javascript": "window.pwned = 12"}),
        Output(kind="result", data={"text/plain": bad}),
    ]
    execution = ran(
        "<b>" + "z" * 3_000,
        error=bad,
        status="error",
        traceback=bad,
        stderr=bad,
        outputs=outputs,
        cut={bad: 5},
        tier=bad,
        limit=bad,
    )
    story.executed(0.1, execution, bad).checked(
        SelfAnswer(verdict="fail", reason=bad, program=code, execution=execution)
    ).ended(bad)
    story.tell(ev.ResultsBound, 0.1, bound=[Bound(name=bad, type=bad), Bound(name="__proto__", error=bad)])
    return story.end(
        "failed",
        answer=FinalAnswer(text=markdown, result=bad, round=1, code=code),
        support=Support(level="verified", note=bad, decision=decision),
        error=Failure(code=bad, message=bad, cure=bad),
    )


SAMPLES = (refined, streaming, in_words, formulas, rich, exhausted, stopped, failed, queued, hostile)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for sample in SAMPLES:
        text = json.dumps(msgspec.to_builtins(sample()), indent=1, ensure_ascii=False) + "\n"
        (FOLDER / f"{sample.__name__}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
