"""Eight Queen: complete a board so that no two queens attack each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.knobs import flag, whole
from codesteer_kernel.symbench.pictures import COLOURS, PAPER, board
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.reading import pairs
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_Square = list[int]
_NAMES = re.compile(r"\b(?:queens?|rows?|col(?:umn)?s?)\b[:=]?", re.IGNORECASE)


class EightQueens(Task):
    """A board with some queens given and some squares blocked; any complete placement that keeps both is right."""

    name = "eight_queens"
    paper_name = "Eight Queen"
    split = "unseen"
    version = "1"
    about = "Place queens that do not attack each other on a board with given queens and blocked squares."
    rule = (
        "One queen in every row and column, none on a diagonal with another, none on a blocked square, "
        "all given queens in their places."
    )
    knobs = {
        "size": whole(8, 4, 16, "rows, columns and queens"),
        "given": whole(2, 0, 12, "queens that are given; at least one is left to place"),
        "blocked": whole(3, 0, 60, "blocked squares"),
        "unique": flag(False, "block further squares until one placement is left (up to size 12)"),
    }
    levels = {
        "1": {"size": 6, "given": 1, "blocked": 0},
        "2": {"size": 8, "given": 2, "blocked": 3},
        "3": {"size": 8, "given": 0, "blocked": 8},
        "4": {"size": 10, "given": 1, "blocked": 12},
        "5": {"size": 14, "given": 1, "blocked": 30},
        "unique": {"size": 8, "given": 1, "blocked": 4, "unique": True},
        "paper-1": {"size": 8, "given": 0, "blocked": 0},
        "paper-2": {"size": 8, "given": 1, "blocked": 1},
        "paper-3": {"size": 8, "given": 2, "blocked": 2},
        "paper-4": {"size": 8, "given": 3, "blocked": 3},
        "paper-5": {"size": 8, "given": 3, "blocked": 4},
        "paper-large": {"size": 12, "given": 1, "blocked": 4},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """A placement by chance; given queens are some of its own, blocked squares some of the others."""
        size, given, blocked = level["size"], level["given"], level["blocked"]
        if given >= size or blocked > size * size - size:
            raise BadInput("So many given queens or blocked squares leave no choice.", "Ask for fewer.")
        if level["unique"] and size > 12:
            raise BadInput("One placement is proven on boards of up to 12 rows.", "Take a smaller size.")
        columns = _placed(rng, size)
        kept = sorted(rng.sample(range(size), given))
        off = [[row, column] for row in range(size) for column in range(size) if columns[row] != column]
        barred = rng.sample(off, blocked)
        fixed = {row: columns[row] for row in kept}
        if level["unique"]:
            while (other := _another(rng, size, fixed, barred, columns)) is not None:
                rows = [row for row in range(size) if other[row] != columns[row]]
                row = rng.choice(rows)
                barred.append([row, other[row]])
        payload = {"size": size, "given": [[row, columns[row]] for row in kept], "blocked": sorted(barred)}
        return Draft(payload, _written(columns), {"unique": True if level["unique"] else None})

    def ask(self, payload: Mapping[str, Any]) -> str:
        """The board as a drawing, the rules, and from where is counted."""
        size = payload["size"]
        rows = "\n".join("".join(row) for row in _drawn(payload))
        return (
            f"Complete this chess board of {size} rows and {size} columns so that it holds exactly {size} queens and no two "
            "of them stand in the same row, in the same column or on the same diagonal (of any length). Q is a queen that "
            "is already placed and must stay, X is a square on which no queen may stand, . is an empty square.\n\n"
            f"{rows}\n\n"
            "Rows are counted from the top, columns from the left, both from 0.\n"
            f"Write the row and column of all {size} queens, those already placed included, between <<< and >>>, in any order "
            "in this form: <<<0 3, 1 0, 2 4>>> means queens at (row 0, column 3), (row 1, column 0) and (row 2, column 4)."
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """As many queens as rows, on the board, given ones kept, blocked squares free, no attack."""
        size = payload["size"]
        queens = _read(text)
        if len(queens) != size:
            raise Refused("wrong_shape", f"{size} queens were expected, {len(queens)} found.")
        for row, column in queens:
            if not 0 <= row < size or not 0 <= column < size:
                raise Refused("rule:board", "A queen stands off the board.")
        placed = set(queens)
        if any((row, column) not in placed for row, column in payload["given"]):
            raise Refused("rule:given", "A given queen is not in its place.")
        if any((row, column) in placed for row, column in payload["blocked"]):
            raise Refused("rule:blocked", "A queen stands on a blocked square.")
        for kind, lines in (
            ("row", {row for row, _ in queens}),
            ("column", {column for _, column in queens}),
            ("diagonal", {row - column for row, column in queens}),
            ("diagonal", {row + column for row, column in queens}),
        ):
            if len(lines) < size:
                raise Refused("rule:attack", f"Two queens stand in the same {kind}.")
        return _written([column for _, column in sorted(queens)])

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """Always the row with the fewest free squares next; free squares are bits of the whole board."""
        payload = problem.payload
        size = payload["size"]
        rows = [((1 << size) - 1) << (row * size) for row in range(size)]
        free = (1 << (size * size)) - 1
        for row, column in payload["blocked"]:
            free &= ~(1 << (row * size + column))
        for row, column in payload["given"]:
            free &= ~rows[row] | 1 << (row * size + column)
        attacks = [_attacked(size, at) for at in range(size * size)]
        found: list[str] = []

        def place(free: int, left: list[int], queens: tuple[int, ...]) -> None:
            if not left:
                found.append(_written([at % size for at in sorted(queens)]))
                return
            row = min(left, key=lambda row: (free & rows[row]).bit_count())
            others = [other for other in left if other != row]
            squares = free & rows[row]
            while squares and len(found) < limit:
                at = (squares & -squares).bit_length() - 1
                squares &= squares - 1
                place(free & ~attacks[at], others, (*queens, at))

        place(free, list(range(size)), ())
        return found

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Counted from 1, given queens moved, queens lost, doubled, on one diagonal."""
        payload = problem.payload
        queens = pairs(answer)
        size = payload["size"]
        yield "counted from 1", _pairs([(row + 1, column + 1) for row, column in queens])
        yield "queen missing", _pairs(queens[:-1])
        yield "queen twice", _pairs([*queens[:-1], queens[0]])
        yield "queen added", _pairs([*queens, (size, size)])
        yield "same column", _pairs([*queens[:-1], (queens[-1][0], queens[0][1])])
        yield "one diagonal", _pairs([(at, at) for at in range(size)])
        yield "columns only", " ".join(str(column) for _, column in queens)
        if payload["given"]:
            turned = [(row, size - 1 - column) for row, column in queens]
            if any((row, column) not in turned for row, column in payload["given"]):
                yield "mirrored", _pairs(turned)

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """The drawing of the board: 1 is a given queen, X a blocked square."""
        rows = [str(row) for row in published["initial_board"]]
        size = int(published.get("board_size", len(rows)))
        if len(rows) != size or any(len(row) != size or not set(row) <= set("01X") for row in rows):
            raise ValueError("The board is no square of 0, 1 and X.")
        marked: dict[str, list[_Square]] = {"1": [], "X": []}
        for i, row in enumerate(rows):
            for j, sign in enumerate(row):
                if sign in marked:
                    marked[sign].append([i, j])
        for name, sign in (("placed_queens", "1"), ("blocked_positions", "X")):
            if name in published and sorted([int(i), int(j)] for i, j in published[name]) != marked[sign]:
                raise ValueError(f"{name} are not those of the board.")
        return {"size": size, "given": marked["1"], "blocked": marked["X"]}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The list of places."""
        if "solution" not in published:
            return None
        return _pairs([(int(row), int(column)) for row, column in published["solution"]])

    def effort(self, problem: Problem) -> float:
        """Squares that are still free once the given queens attack, per queen to place: the choices of a search."""
        payload = problem.payload
        size = payload["size"]
        free = (1 << (size * size)) - 1
        for row, column in payload["given"]:
            free &= ~_attacked(size, row * size + column)
        for row, column in payload["blocked"]:
            free &= ~(1 << (row * size + column))
        return float(free.bit_count())

    def draw(self, problem: Problem, answer: str | None = None) -> str:
        """A chess board; given queens in blue, blocked squares marked, the others with an answer."""
        payload = problem.payload
        drawn = _drawn(payload)
        for row, column in pairs(answer) if answer is not None else []:
            drawn[row][column] = "Q"
        signs = {"Q": "\u265b", "X": "\u00d7", ".": ""}
        given = {tuple(square) for square in payload["given"]}

        def ink(row: int, column: int) -> str:
            return COLOURS["blue" if (row, column) in given else "red" if drawn[row][column] == "X" else "black"]

        title = "The board" if answer is None else "The board with all queens"
        shown = [[signs[sign] for sign in row] for row in drawn]
        return board(title, shown, lambda row, column: COLOURS["grey"] if (row + column) % 2 else PAPER, ink).svg()

    def space(self, level: Level) -> float:
        """Placements, given rows and blocked squares to choose."""
        size = int(level["size"])
        placements = {4: 2, 5: 10, 6: 4, 7: 40, 8: 92, 9: 352, 10: 724, 11: 2680, 12: 14200}.get(size, 73712)
        total = 1.0 if not level["given"] else float(placements)
        for at in range(int(level["given"])):
            total *= (size - at) / (at + 1)
        for at in range(int(level["blocked"])):
            total *= max(1, size * size - size - at) / (at + 1)
        return total


def _read(text: str) -> list[tuple[int, int]]:
    """Pairs of row and column; the words may stand beside the numbers, the row's first."""
    named = _NAMES.findall(text)
    if named and named[0][0] in "cC":
        raise Refused("unreadable", "Columns are named before rows.")
    return pairs(_NAMES.sub(" ", text) if named else text)


def _placed(rng: Random, size: int) -> list[int]:
    """A placement, the column of every row, by chance: row after row, back where a row has no free column."""
    full = (1 << size) - 1
    columns: list[int] = []

    def go(taken: int, down: int, up: int) -> bool:
        if len(columns) == size:
            return True
        free = [column for column in range(size) if not (taken | down | up) >> column & 1]
        rng.shuffle(free)
        for column in free:
            bit = 1 << column
            columns.append(column)
            if go(taken | bit, (down | bit) << 1 & full, (up | bit) >> 1):
                return True
            columns.pop()
        return False

    go(0, 0, 0)
    return columns


def _another(
    rng: Random, size: int, fixed: Mapping[int, int], barred: list[_Square], columns: list[int]
) -> list[int] | None:
    """A placement other than ``columns`` that keeps the fixed queens and the barred squares, or None."""
    allowed = [(1 << size) - 1] * size
    for row, column in barred:
        allowed[row] &= ~(1 << column)
    for row, column in fixed.items():
        allowed[row] &= 1 << column
    full = (1 << size) - 1
    shift = rng.randrange(size)  # start the search elsewhere each time, for squares all over the board
    found: list[int] = []

    def go(row: int, taken: int, down: int, up: int, same: bool) -> bool:
        if row == size:
            return not same
        free = allowed[row] & ~(taken | down | up)
        for column in [*range(shift, size), *range(shift)]:
            bit = 1 << column
            if free & bit:
                found.append(column)
                if go(row + 1, taken | bit, (down | bit) << 1 & full, (up | bit) >> 1, same and columns[row] == column):
                    return True
                found.pop()
        return False

    return found if go(0, 0, 0, 0, True) else None


def _attacked(size: int, at: int) -> int:
    """The squares that a queen attacks, as bits, its own included."""
    row, column = divmod(at, size)
    bits = 0
    for there in range(size * size):
        i, j = divmod(there, size)
        if i == row or j == column or i - j == row - column or i + j == row + column:
            bits |= 1 << there
    return bits


def _drawn(payload: Mapping[str, Any]) -> list[list[str]]:
    rows = [["."] * payload["size"] for _ in range(payload["size"])]
    for row, column in payload["given"]:
        rows[row][column] = "Q"
    for row, column in payload["blocked"]:
        rows[row][column] = "X"
    return rows


def _pairs(queens: list[tuple[int, int]]) -> str:
    return ", ".join(f"{row} {column}" for row, column in queens)


def _written(columns: list[int]) -> str:
    return _pairs(list(enumerate(columns)))


TASK = EightQueens()
