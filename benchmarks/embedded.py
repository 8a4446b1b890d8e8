"""What the embedded models solve: small questions with known answers, steered as a user would steer them.

    python -m benchmarks.embedded [--model qwen2.5-coder-1.5b] [--rounds 3] [--tokens 256]

Prints a line a question (right or wrong, rounds, how well supported, seconds) and the sums. Hand-written and few: read
it as "works" or "does not", not as a benchmark of models.
"""

from __future__ import annotations

import argparse
import re
import statistics
from collections import Counter

from codesteer_kernel.run import RunSettings, engine
from codesteer_kernel.steering.extraction import normalised

# Question, and a pattern that a right answer holds (after case, spaces and thousands commas are folded).
QUESTIONS = [
    ("What does the acronym HTTP stand for?", r"hypertext transfer protocol"),
    ("Who wrote the play Hamlet?", r"shakespeare"),
    ("In one sentence, why is the sky blue?", r"scatter"),
    ("What is 48271 * 99371?", r"\b4796737541\b"),
    ("How many times does the letter r occur in 'strawberry raspberry cherry'?", r"\b8\b"),
    ("How many days are there from 2024-03-05 to 2025-01-09?", r"\b310\b"),
    ("On which weekday did 2000-02-29 fall?", r"tuesday"),
    ("What is the 7th smallest number in 93, 12, 57, 8, 71, 33, 64, 29, 85, 46?", r"\b64\b"),
    ("Shift every letter of 'Steering' forward by 3 in the alphabet, keeping case. What is the result?", r"vwhhulqj"),
    (
        "A robot at (0, 0) faces north and does: forward 3, right, forward 2, right, forward 5, left, forward 1. Where is it?",
        r"\(3, -2\)",
    ),
    (
        "Use each of the numbers 4, 7, 8, 8 exactly once with + - * / and brackets to make 24. Give one expression.",
        r"^[^=]*(?:7 ?- ?8 ?/ ?8|\(7 ?- ?\(8 ?/ ?8\)\)) ?\)? ?\* ?4|4 ?\* ?\(7 ?- ?\(?8 ?/ ?8\)?\)",
    ),
    ("How many different ways can 100 cents be made from coins of 1, 5, 10, 25 and 50 cents?", r"\b292\b"),
    ("Which number between 1 and 1000 has the longest Collatz chain?", r"\b871\b"),
    ("What is 3/4 + 5/6 - 1/8 as a fraction in lowest terms?", r"\b35/24\b"),
    ("What is MCMXCIV plus XLIX, written in Roman numerals?", r"\bmmxliii\b"),
    ("How many Friday the 13ths were there from 2001-01-01 to 2020-12-31?", r"\b36\b"),
    ("Convert the decimal number 98765 to base 7.", r"\b560642\b"),
    ("Which three-digit numbers equal the sum of the cubes of their digits?", r"153.*370.*371.*407"),
    ("What is the average of the readings 007, 08, 12 and 0009?", r"\b9\b"),
    ("Find the smallest n such that n! is divisible by 10 to the power 20.", r"\b85\b"),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="qwen2.5-coder-1.5b")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=256)
    options = parser.parse_args()
    settings = RunSettings(target=f"local/{options.model}", rounds=options.rounds, max_tokens=options.tokens)
    right = 0
    seconds: list[float] = []
    rounds: list[float] = []
    support: Counter[tuple[str, bool]] = Counter()
    for question, pattern in QUESTIONS:
        run = engine().submit(question, settings).wait()
        solved = bool(re.search(pattern, normalised(run.answer.replace("\n", " "))))
        level = run.record.support.level if run.record.support else "none"
        right += solved
        support[level, solved] += 1
        seconds.append(run.record.timing.seconds)
        rounds += [one.timing.seconds for one in run.rounds]
        answer = " ".join(run.answer.split())
        print(
            f"{'right' if solved else 'WRONG'}  {len(run.rounds)} rounds  {level:9} {seconds[-1]:6.1f} s  "
            f"{question[:60]:60}  {answer[:50]}",
            flush=True,
        )
    engine().close()
    print(f"\n{options.model}: {right} of {len(QUESTIONS)} right")
    for (level, solved), count in sorted(support.items()):
        print(f"  {level:9} and {'right' if solved else 'wrong'}: {count}")
    print(
        f"seconds a question: median {statistics.median(seconds):.1f}; a round: median {statistics.median(rounds):.1f}"
    )


if __name__ == "__main__":
    main()
