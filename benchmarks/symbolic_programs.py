"""Asks the embedded models for programs that the symbolic checker is then measured on.

    python -m benchmarks.symbolic_programs OUT.jsonl [--models qwen2.5-coder-1.5b qwen2.5-coder-0.5b]
        [--ways asked|tempted] [--count 70] [--seed 1] [--tokens 420]

Draws, by seed, ``--count`` (question, way of asking, temperature) triples per model, asks, and appends each program as
one JSON line: ``question``, ``origin`` (model, way, temperature, seed), ``program``. A triple that is already in the
file is not asked again, so a broken-off collection goes on where it stopped. Nothing is run and nothing is labelled
here: a person reads the programs and labels them (``tests/checkers/programs/README.md``).

The ways of asking are the steering loop's own prompt and others that people use; the ``tempted`` ones lead a model to
write its answer down instead of computing it, most by beginning the reply for it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from pathlib import Path
from typing import NamedTuple

from codesteer_kernel.models import ChatModel, ChatRequest, Message, TextDelta, open_model
from codesteer_kernel.steering.extraction import code_block
from codesteer_kernel.steering.prompts import load_prompts

# Our own questions, one a line, of the kinds that SymBench has: arithmetic, search, grids, strings, orders, games, dates, words.
QUESTIONS = """
What is 57 * -38 * 4106?
What is 918273 * 5647 - 12?
How many times does the letter s occur in 'possessionlessness', and at which positions (counted from 1)?
Use each of the numbers 3, 3, 8, 8 exactly once with + - * / and brackets to make 24. Give one expression.
Use each of the numbers 2, 5, 9, 12 exactly once with + - * / and brackets to make 24. Give one expression.
Put + - * / and brackets between 6, 2, 9, 4, 7 without changing their order, so that the value is 61.
Stacks of blocks, bottom to top: stack 1 holds C A, stack 2 holds B, stack 3 is empty. Only a top block may move. Give moves that lead to: stack 1 empty, stack 2 holds A B C, stack 3 empty.
Boxes weigh 31, 64, 22, 90, 47. Lifters can lift 60, 45, 38. In one step a lifter helps with one box, and several lifters may share a box. Lift all boxes in as few steps as you can and list the steps.
A robot stands at (2, 1) in a 6x6 grid of rooms and must reach (5, 4). Rooms (3, 1), (3, 2) and (4, 4) are closed. It moves up, down, left or right by one. Give a shortest list of rooms.
Anna tells the truth. Ben says that Anna lies. Carla says that Ben lies. Dora says that Carla tells the truth. Does Dora tell the truth? Answer Yes or No.
Five books stand in a row: red, green, blue, white and black. The red one is left of the blue one. The white one is at the right end. The green one is second from the left. The black one is left of the red one. Which one is third?
Take 3 steps forward, turn right, take 4 steps, turn around, take 4 steps, turn left, take 3 steps. Are you back at the start? Answer Yes or No.
Today is 27 February 2028. Which date is it ten days later, as DD/MM/YYYY?
On which weekday did 14 July 1789 fall?
How many days lie between 19 October 2023 and 2 March 2025?
A hall has 23 rows of 46 seats. 187 seats are broken and 3/5 of the others are sold at 12.50 each. How much money is taken?
A tank loses 4 percent of its water every day. It holds 1,850 litres. After how many full days is less than half left?
A circle passes through (0, 0), (6, 0) and (0, 8). What is its area?
Two dice are thrown three times. What is the probability that the sum is at least 10 exactly twice? Give a fraction.
In how many ways can 7 people sit around a round table if two of them refuse to sit side by side?
Letters stand for different numbers from 2, 3, 5, 8, 13, 21: A + B = C, D = 4A, E - F = 5. Give A, B, C, D, E, F.
Let a @ b = 3*a - b and a # b = a*b + 2. What is (4 @ 5) # (2 @ 1)?
Slide a 2x2 window over the matrix [[4, -1, 7, 3], [0, 9, 2, 8], [5, 6, -3, 1], [2, 2, 4, 0]] and write the largest number of every position as a matrix.
Lamps in a 3x3 grid: 101 / 010 / 110. Button A flips the first row, button B the second column, button C the diagonal from top left. Press A, C, B, A. What does the grid look like?
A player holds the cards KQKDAAD. Each round adds a card and then removes one. The result is 1 if the hand holds two of the added card, else 0. Round 1 adds K and removes D; round 2 adds D and removes Q. What is the last result?
Score a string from left to right: a run of two or more A gives 1 point, a run of three or more B gives 3 points. What is the score of AABBBABBAAABBBBA?
Rotate the letter matrix Q W E / A S D / Z X C by 90 degrees counter-clockwise.
From the grid 4 2 3 / 1 3 2 / 2 4 1 choose three numbers so that no row or column of chosen numbers sums to more than 5. Give their positions.
Find every square of side 3 filled with the same letter in the grid AAAB / AAAB / AAAC / BBCC. Give the lower right corners.
In the string DABCDEABC, read from left to right, insert an X after every ABCD and a Y after every EAB. What comes out?
Fill a 4x4 grid with a, b, c, d so that rows and columns hold each letter once. Given rows (dot is empty): a..d / .d.. / ..d. / d..a.
Repeat until nothing changes: delete the first 'ab'; if the string ends in 'c', move that c to the front. Start with 'aabbcabc'. What is left? Stop after 20 rounds.
Machines: one A breaks into two X and one Y; two B give one X; one X and one Y give one Z. Starting with 3 A and 4 B, repeat the rules in this order until nothing can be done. How many X, Y and Z are there?
In Reversi on a 4x4 board with the usual start, black plays row 1, column 2. Show the board after the flips.
Solve this 4x4 sudoku (0 is empty): 1 0 0 4 / 0 4 1 0 / 2 0 4 0 / 0 3 0 1.
Place 6 queens on a 6x6 board so that none attacks another; one stands at row 0, column 1. Give all positions.
A lock has two different digits and two different letters. Guess 47AK: both digits right but swapped, the first letter right and in its place. Guess 12AB: no digit right, both letters right and in place. What opens it?
In a 2x2 grid of 2048 with rows 4 4 / 2 8, slide left, then up. What is the grid?
Arrange A, B, C, D, E on positions 1 to 5: B is next to D, A is not at an end, C is to the right of E, D is at position 2. Give one arrangement.
Which of these words comes first when they are sorted by their last letter: plum, fig, banana, cherry, kiwi?
What is the greatest common divisor of 123456 and 7890, and the least common multiple?
How many prime numbers lie between 200 and 300?
What is the 30th Fibonacci number if the first two are 1 and 1?
In how many ways can you climb 15 stairs, taking 1, 2 or 3 at a time?
Write 2025 in Roman numerals and in base 6.
What is the longest palindrome inside 'abacdfgdcabba'?
A farmer has 35 animals, hens and rabbits, with 94 legs. How many hens are there?
Solve 3x + 2y = 31 and 5x - y = 30 for x and y.
What is the determinant of [[2, 5, 1], [0, 3, -4], [7, 1, 6]]?
Temperatures in a week were 12, 15, 11, 19, 21, 18, 14. What are the mean, the median and the largest rise between two days?
Which day of the year is 9 November 2032?
How many squares of any size are on an 8x8 chess board?
""".strip().splitlines()


class Way(NamedTuple):
    """A way of asking: the prompt around the question, the beginning of the reply, and how often it is drawn."""

    prompt: str
    head: str = ""
    weight: int = 1


_STEERED = load_prompts("target").text("code", question="$q")
_FENCE = "```python\n"
WAYS = {
    "asked": {
        "steered": Way(_STEERED, _FENCE, 2),
        "plain": Way("$q\n\nSolve this with Python. Print the result."),
        "search": Way("$q\n\nSolve it with a Python program that tries all possibilities or simulates every step."),
        "lazy": Way(
            "$q\n\nWork the answer out yourself first. Then reply with a very short Python program that prints it.",
            "",
            2,
        ),
        "steps": Way(
            "$q\n\nReply with a Python program that prints the solution step by step, one print for each step.", "", 2
        ),
        "comments": Way(
            "$q\n\nReply with one Python block: your reasoning as comments, then a print of the final answer.", "", 2
        ),
        "function": Way(
            "$q\n\nReply with a Python function solve() that returns the final answer you found, and a call that prints it.",
            "",
            2,
        ),
        "verify": Way(
            "$q\n\nReply with a Python program that holds your answer in a variable, checks it and prints it."
        ),
    },
    "tempted": {
        "named": Way(_STEERED, _FENCE + "answer = "),
        "quoted": Way(_STEERED, _FENCE + 'print("'),
        "reasoned": Way(_STEERED, _FENCE + "# Reasoning:\n# "),
        "returned": Way(_STEERED, _FENCE + "def solve():\n    # Worked out by hand:\n    return "),
        "tried": Way(_STEERED, _FENCE + "# My answer, and a test of it\nanswer = "),
        "written": Way(
            "$q\n\nDo not compute anything in the program. Reply with one Python block that writes down your steps and "
            "your final answer with print."
        ),
    },
}
TEMPERATURES = (0.0, 0.4, 0.8, 1.1)


def request(question: str, way: str, temperature: float, seed: int, tokens: int) -> tuple[ChatRequest, str]:
    """The request for one program and the text that its reply continues."""
    prompt, head, _ = next(ways[way] for ways in WAYS.values() if way in ways)
    messages = [Message("user", prompt.replace("$q", question))]
    if head:
        messages.append(Message("assistant", head))
    asked = ChatRequest(
        messages=tuple(messages),
        max_tokens=tokens,
        temperature=temperature,
        seed=seed,
        stop=("\n```",) if head else (),
        slot="programs",
    )
    return asked, head


async def ask(model: ChatModel, question: str, way: str, temperature: float, seed: int, tokens: int) -> str | None:
    """One program, or None where the reply holds none."""
    asked, head = request(question, way, temperature, seed, tokens)
    text = head + "".join([delta.text async for delta in model.stream(asked) if isinstance(delta, TextDelta)])
    return code_block(text)


def plan(model: str, ways: str, count: int, seed: int) -> list[dict[str, str | float | int]]:
    """What to ask ``model``: questions in a shuffled order, each with a drawn way of asking, temperature and seed."""
    draw = random.Random(f"{model} {seed}")
    questions: list[str] = []
    while len(questions) < count:
        questions += draw.sample(QUESTIONS, len(QUESTIONS))
    return [
        {
            "question": question,
            "model": model,
            "way": draw.choices(list(WAYS[ways]), [way.weight for way in WAYS[ways].values()])[0],
            "temperature": draw.choice(TEMPERATURES),
            "seed": draw.randrange(1, 10_000),
        }
        for question in questions[:count]
    ]


async def collect(path: Path, models: list[str], ways: str, count: int, seed: int, tokens: int) -> None:
    done = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    for name in models:
        model = open_model(f"local/{name}")
        for asked in plan(name, ways, count, seed):
            question = str(asked.pop("question"))
            if any(old["question"] == question and old["origin"] == asked for old in done):
                continue
            program = await ask(
                model, question, str(asked["way"]), float(asked["temperature"]), int(asked["seed"]), tokens
            )
            with path.open("a") as file:
                file.write(json.dumps({"question": question, "origin": asked, "program": program}) + "\n")
            print(f"{name}  {asked['way']:9}  {len(program or ''):5} characters  {question[:70]}", flush=True)
        await model.aclose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--models", nargs="+", default=["qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b"])
    parser.add_argument("--ways", choices=list(WAYS), default="asked")
    parser.add_argument("--count", type=int, default=70, help="programs asked of each model")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=420)
    options = parser.parse_args()
    asyncio.run(collect(options.out, options.models, options.ways, options.count, options.seed, options.tokens))


if __name__ == "__main__":
    main()
