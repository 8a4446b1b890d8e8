"""Matrix Transformation: turn and mirror a table of signs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random
from string import ascii_uppercase
from typing import Any

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.knobs import option, whole
from codesteer_kernel.symbench.pictures import beside
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.reading import grid, tokens
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_Rows = list[list[str]]
_TRIES = 100
_SIGNS = {
    "letters": ascii_uppercase,
    "numbers": "123456789",
    "mixed": f"{ascii_uppercase}123456789",
    "symbols": "!@#%^&+=?~",
}
_WORDS = {
    "clockwise": "Turn it by 90 degrees clockwise.",
    "counterclockwise": "Turn it by 90 degrees counterclockwise.",
    "half": "Turn it by 180 degrees.",
    "across": "Mirror it left to right: each row is written backwards.",
    "down": "Mirror it top to bottom: the order of the rows is reversed.",
    "diagonal": "Transpose it: the first row becomes the first column, the second row the second column, and so on.",
    "other diagonal": (
        "Mirror it at the diagonal from the top right to the bottom left: the first row, written backwards, becomes "
        "the last column, the second row the last but one, and so on."
    ),
}


class MatrixTransformation(Task):
    """A table and a list of turns and reflections, done one after another."""

    name = "matrix_transformation"
    paper_name = "Matrix Transformation"
    split = "seen"
    version = "1"
    about = "Turn and mirror a table of signs, step by step."
    rule = "The answer lists the cells of the resulting table, row by row."
    knobs = {
        "rows": whole(4, 1, 20, "rows of the table"),
        "columns": whole(4, 2, 20, "columns of the table"),
        "signs": option("letters", tuple(_SIGNS), "what the cells hold"),
        "steps": whole(3, 1, 12, "turns and reflections"),
    }
    levels = {
        "1": {"rows": 2, "columns": 3, "steps": 1},
        "2": {"rows": 3, "columns": 4, "steps": 2},
        "3": {"rows": 4, "columns": 5, "steps": 3},
        "4": {"rows": 6, "columns": 5, "steps": 5, "signs": "mixed"},
        "5": {"rows": 8, "columns": 7, "steps": 8, "signs": "mixed"},
        "paper-2x2": {"rows": 2, "columns": 2, "steps": 1, "signs": "letters"},
        "paper-2x3": {"rows": 2, "columns": 3, "steps": 1, "signs": "numbers"},
        "paper-3x3": {"rows": 3, "columns": 3, "steps": 1, "signs": "letters"},
        "paper-3x4": {"rows": 3, "columns": 4, "steps": 1, "signs": "mixed"},
        "paper-4x4": {"rows": 4, "columns": 4, "steps": 1, "signs": "symbols"},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """Cells and steps by chance, until they change something; no step twice in a row; then row by row."""
        signs = _SIGNS[level["signs"]]
        for _ in range(_TRIES):
            matrix = [[rng.choice(signs) for _ in range(level["columns"])] for _ in range(level["rows"])]
            steps: list[str] = []
            while len(steps) < level["steps"]:
                steps.append(rng.choice([step for step in _WORDS if step not in steps[-1:]]))
            payload = {"matrix": matrix, "steps": steps}
            result = _flat(_result(payload))
            if result != _flat(matrix):
                return Draft(payload, result, {"unique": True})
        raise BadInput("Every result was the table itself.", "Make the table larger.")

    def ask(self, payload: Mapping[str, Any]) -> str:
        """Table, steps, and how to write the result."""
        rows = "\n".join(" ".join(row) for row in payload["matrix"])
        steps = "\n".join(f"{at}. {_WORDS[step]}" for at, step in enumerate(payload["steps"], 1))
        return (
            f"Here is a table with {len(payload['matrix'])} rows and {len(payload['matrix'][0])} columns, a row a line:\n\n"
            f"{rows}\n\nDo the following with it, one after another, each time with the result of the step before:\n\n"
            f"{steps}\n\n"
            "Write the cells of the resulting table between <<< and >>>, parted by commas, the first row from left to right, "
            "then the second row, and so on, for example <<<A,B,C,D>>> for a table with the rows A B and C D."
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """Every cell in its place; rows may be marked."""
        right = _result(payload)
        lost = len(tokens(text)) == len(right) * len(right[0]) - 2 and "$" not in (text[0], text[-1])
        if lost and right[0][0] == right[-1][-1] == "$":
            # A published table between two $ has lost them: they were taken for the marks of a formula.
            text = f"${text}$" if "," in text else f"$ {text} $"
        found = grid(text, len(right), len(right[0]))
        if found != right:
            wrong = sum(
                one != other
                for row, line in zip(found, right, strict=True)
                for one, other in zip(row, line, strict=True)
            )
            raise Refused("not_goal", f"{wrong} cells are wrong.")
        return _flat(found)

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """By asking, for each cell of the result, where it comes from."""
        matrix, steps = problem.payload["matrix"], problem.payload["steps"]
        shapes = [(len(matrix), len(matrix[0]))]
        for step in steps:
            height, width = shapes[-1]
            swaps = step in ("clockwise", "counterclockwise", "diagonal", "other diagonal")
            shapes.append((width, height) if swaps else (height, width))
        cells = []
        for row in range(shapes[-1][0]):
            for column in range(shapes[-1][1]):
                place = row, column
                for step, shape in zip(reversed(steps), reversed(shapes[:-1]), strict=True):
                    place = _source(step, place, shape)
                cells.append(matrix[place[0]][place[1]])
        return [",".join(cells)][:limit]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Cells changed, lost, swapped; steps left out or turned the other way."""
        payload, cells = problem.payload, answer.split(",")
        at = rng.randrange(len(cells))
        other = "B" if cells[at] == "A" else "A"
        yield "one cell wrong", ",".join([*cells[:at], other, *cells[at + 1 :]])
        yield "cell missing", ",".join(cells[:-1])
        yield "cell added", ",".join([*cells, cells[0]])
        steps = payload["steps"]
        turned = {"clockwise": "counterclockwise", "counterclockwise": "clockwise", "across": "down", "down": "across"}
        wrong = {
            "reversed": cells[::-1],
            "first two swapped": [cells[1], cells[0], *cells[2:]],
            "nothing done": _flat(payload["matrix"]).split(","),
            "last step missed": _flat(_result({**payload, "steps": steps[:-1]})).split(","),
            "last step the other way": _flat(
                _result({**payload, "steps": [*steps[:-1], turned.get(steps[-1], "half")]})
            ).split(","),
        }
        for kind, values in wrong.items():
            if values != cells:
                yield kind, ",".join(values)

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """The table from the data; the question has always asked for one turn."""
        matrix = [[str(cell) for cell in row] for row in published["matrix"]]
        if "90 degrees clockwise" not in question or not matrix or len({len(row) for row in matrix}) != 1:
            raise ValueError("The question asks for no turn, or the data holds no table.")
        return {"matrix": matrix, "steps": ["clockwise"]}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The sample's solution, a row a line: signs in it are not taken for formatting."""
        solution = published.get("solution")
        return None if solution is None else f"[{'],['.join(','.join(row) for row in solution)}]"

    def effort(self, problem: Problem) -> float:
        """Cells moved."""
        matrix = problem.payload["matrix"]
        return float(len(matrix) * len(matrix[0]) * len(problem.payload["steps"]))

    def draw(self, problem: Problem, answer: str | None = None) -> str | None:
        """The table, and what becomes of it where an answer is given."""
        matrix = problem.payload["matrix"]
        if answer is None:
            return beside("The table", [matrix]).svg()
        right = _result(problem.payload)
        return beside("The table and the resulting table", [matrix, grid(answer, len(right), len(right[0]))]).svg()

    def space(self, level: Level) -> float:
        """Tables and steps."""
        cells = int(level["rows"]) * int(level["columns"])
        return float(len(_SIGNS[str(level["signs"])]) ** min(cells, 100)) * 6.0 ** int(level["steps"])


_STEPS: dict[str, Callable[[_Rows], _Rows]] = {
    "clockwise": lambda rows: [list(column) for column in zip(*rows[::-1], strict=True)],
    "counterclockwise": lambda rows: [list(column) for column in zip(*rows, strict=True)][::-1],
    "half": lambda rows: [row[::-1] for row in rows[::-1]],
    "across": lambda rows: [row[::-1] for row in rows],
    "down": lambda rows: rows[::-1],
    "diagonal": lambda rows: [list(column) for column in zip(*rows, strict=True)],
    "other diagonal": lambda rows: [list(column)[::-1] for column in zip(*rows, strict=True)][::-1],
}


def _result(payload: Mapping[str, Any]) -> _Rows:
    rows: _Rows = payload["matrix"]
    for step in payload["steps"]:
        rows = _STEPS[step](rows)
    return rows


def _flat(rows: _Rows) -> str:
    return ",".join(cell for row in rows for cell in row)


def _source(step: str, place: tuple[int, int], shape: tuple[int, int]) -> tuple[int, int]:
    """Where a cell stood before a step, in a table of ``shape`` (rows, columns)."""
    row, column = place
    height, width = shape
    return {
        "clockwise": (height - 1 - column, row),
        "counterclockwise": (column, width - 1 - row),
        "half": (height - 1 - row, width - 1 - column),
        "across": (row, width - 1 - column),
        "down": (height - 1 - row, column),
        "diagonal": (column, row),
        "other diagonal": (height - 1 - column, width - 1 - row),
    }[step]


TASK = MatrixTransformation()
