"""Reversi: place discs in turn, turn over what they enclose, write down the board."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.knobs import whole
from codesteer_kernel.symbench.pictures import COLOURS, Picture
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.reading import grid, spelled
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_BLACK, _WHITE, _EMPTY = "0", "1", "*"
_OTHER = {_BLACK: _WHITE, _WHITE: _BLACK}
_NAMES = {_BLACK: "black", _WHITE: "white"}
_TRIES = 300
_SIDE = 36


class Reversi(Task):
    """A position and some moves in turn; the board after them is asked."""

    name = "reversi"
    paper_name = "Reversi"
    split = "seen"
    version = "1"
    about = "Play given moves of Reversi and write down the board."
    rule = "Each move places a disc and turns over every straight line of the other colour that ends at an own disc."
    knobs = {
        "size": whole(6, 4, 16, "rows and columns of the board, an even number"),
        "moves": whole(3, 1, 30, "how many moves are played"),
        "before": whole(6, 0, 60, "how many moves the position already has behind it"),
    }
    levels = {
        "1": {"size": 4, "moves": 2, "before": 4},
        "2": {"size": 6, "moves": 3, "before": 6},
        "3": {"size": 6, "moves": 5, "before": 10},
        "4": {"size": 8, "moves": 8, "before": 16},
        "5": {"size": 10, "moves": 16, "before": 24},
        "paper-1": {"size": 4, "moves": 1, "before": 0},
        "paper-2": {"size": 4, "moves": 2, "before": 0},
        "paper-3": {"size": 6, "moves": 3, "before": 0},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """A game from the opening, every move one that turns something over; its last moves are the problem's."""
        size, moves, before = level["size"], level["moves"], level["before"]
        if size % 2 or moves + before > size * size - 4:
            raise BadInput(
                f"{before} + {moves} moves do not fit a board of side {size}.", "Take an even side and fewer moves."
            )
        for _ in range(_TRIES):
            flat, colour, played = _padded(_opening(size)), _BLACK, []
            start, first = _opening(size), _BLACK
            open_squares = _beside(flat, size, [at for at, square in enumerate(flat) if square in _OTHER])
            for ply in range(before + moves):
                if ply == before:
                    start, first = _rows(flat, size), colour
                untried = open_squares[:]
                turned: list[int] = []
                while untried and not turned:
                    at = untried.pop(rng.randrange(len(untried)))
                    turned = _turned(flat, size, at, colour)
                if not turned:
                    break  # the colour cannot move: another game
                for place in (at, *turned):
                    flat[place] = colour
                open_squares.remove(at)
                open_squares += [place for place in _beside(flat, size, [at]) if place not in open_squares]
                played.append([at // (size + 1), at % (size + 1) + 1])
                colour = _OTHER[colour]
            else:
                payload = {"board": start, "first": first, "moves": played[before:]}
                return Draft(payload, _written(_rows(flat, size)), {"unique": True})
        raise BadInput(f"No game of {before + moves} moves was found.", "Ask for fewer moves or a larger board.")

    def ask(self, payload: Mapping[str, Any]) -> str:
        """Position, whose turn it is, moves, what a move does."""
        size, colour = len(payload["board"]), payload["first"]
        turns = []
        for row, column in payload["moves"]:
            turns.append(f"{_NAMES[colour]} ({row},{column})")
            colour = _OTHER[colour]
        rows = "\n".join(payload["board"])
        return (
            f"A game of Reversi on a board of {size} rows and {size} columns; 0 is a black disc, 1 a white disc, * an empty "
            f"square:\n\n{rows}\n\n"
            f"These moves follow in turn, as (row,column) counted from 1 at the top left: {', '.join(turns)}.\n"
            "A move places a disc of the mover's colour on an empty square. Then, in each of the eight directions (row, "
            "column and both diagonals, both ways), the discs of the other colour that follow the new disc without a gap "
            "are turned over to the mover's colour if a disc of the mover's colour comes right behind them. Only the new "
            "disc encloses: discs that were turned over do not turn over further ones.\n"
            f"Write the board after the last move, {size} rows, a row a line and a comma between the squares, between <<< "
            "and >>>, for example for 2 rows:\n<<<\n*,0\n1,*\n>>>"
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """The board square by square."""
        size = len(payload["board"])
        found = grid(text, size, size)
        for row in found:
            for cell in row:
                if cell not in (_BLACK, _WHITE, _EMPTY):
                    raise Refused("unreadable", f"{cell[:20]!r} is none of 0, 1 and *.")
        if ["".join(row) for row in found] != _played(payload["board"], payload["first"], payload["moves"]):
            raise Refused("not_goal", "This is not the board after the last move.")
        return spelled(found)

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """By text: the line of squares in each direction is read as a word and matched."""
        board, mine = problem.payload["board"], problem.payload["first"]
        squares = {(i, j): disc for i, row in enumerate(board, 1) for j, disc in enumerate(row, 1)}
        for row, column in problem.payload["moves"]:
            squares[row, column] = mine
            for down, right in ((i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j):
                places = [(row + step * down, column + step * right) for step in range(1, len(board))]
                seen = "".join(squares.get(place, "|") for place in places)
                enclosed = re.match(f"{_OTHER[mine]}+(?={mine})", seen)
                for place in places[: enclosed.end() if enclosed else 0]:
                    squares[place] = mine
            mine = _OTHER[mine]
        size = range(1, len(board) + 1)
        return [_written(["".join(squares[i, j] for j in size) for i in size])][:limit]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Nothing turned over, a move missed, colours mixed up, squares off."""
        board, first, moves = problem.payload["board"], problem.payload["first"], problem.payload["moves"]
        right = _played(board, first, moves)
        size = len(board)
        row, column = rng.randrange(size), rng.randrange(size)
        other = rng.choice([disc for disc in (_BLACK, _WHITE, _EMPTY) if disc != right[row][column]])
        off = [list(line) for line in right]
        off[row][column] = other
        yield "one square off", spelled(off)
        yield "row missing", _written(right[:-1])
        yield "square missing", _written([*right[:-1], right[-1][:-1]])
        placed, colour = [list(line) for line in board], first
        for i, j in moves:
            placed[i - 1][j - 1] = colour
            colour = _OTHER[colour]
        wrong = {
            "last move missed": _played(board, first, moves[:-1]),
            "nothing turned over": ["".join(line) for line in placed],
            "colours swapped": [line.translate(str.maketrans("01", "10")) for line in right],
            "first mover wrong": _played(board, _OTHER[first], moves),
            "one colour moves": _one_colour(board, first, moves),
        }
        for kind, rows in wrong.items():
            if rows != right:
                yield kind, _written(rows)

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """Moves from the data, the board from the question.

        The published boards already hold the moves they ask for; where the board is what the moves make of the
        opening, the problem starts at the opening.
        """
        size = int(published["board_size"])
        moves = [[int(row), int(column)] for row, column in published["moves"]]
        shown = re.search(r"game was:[ \t]*\n((?:[*01]+[ \t]*\n)+)", f"{question}\n")
        rows = shown[1].split() if shown is not None else []
        if [len(row) for row in rows] != [size] * size or size % 2 or "you play black" not in question:
            raise ValueError("The question does not show the board of the data.")
        if not moves or any(not 1 <= place <= size for move in moves for place in move):
            raise ValueError("A move lands outside the board.")
        opening = _opening(size)
        if _played(opening, _BLACK, moves) == rows:
            return {"board": opening, "first": _BLACK, "moves": moves}
        if any(rows[row - 1][column - 1] != _EMPTY for row, column in moves):
            raise ValueError("A move lands on a disc of the board that is shown.")
        return {"board": rows, "first": _BLACK, "moves": moves}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The flat list."""
        return str(published["solution"]) if "solution" in published else None

    def effort(self, problem: Problem) -> float:
        """Discs placed and turned over, and squares to copy."""
        size = len(problem.payload["board"])
        flat, colour, discs = _padded(problem.payload["board"]), problem.payload["first"], 0
        for row, column in problem.payload["moves"]:
            discs += 1 + len(_move(flat, size, row, column, colour))
            colour = _OTHER[colour]
        return 4.0 * discs + size * size

    def draw(self, problem: Problem, answer: str | None = None) -> str:
        """Discs on green; the moves are numbered on the position, without an answer."""
        size = len(problem.payload["board"])
        rows = problem.payload["board"] if answer is None else answer.replace(",", "").splitlines()
        picture = Picture(size * _SIDE, size * _SIDE, "The position" if answer is None else "The board after the moves")
        for i in range(size):
            for j in range(size):
                picture.box(j * _SIDE, i * _SIDE, _SIDE, _SIDE, "#7fb58c")
                if rows[i][j] != _EMPTY:
                    fill = COLOURS[_NAMES[rows[i][j]]]
                    picture.disc((j + 0.5) * _SIDE, (i + 0.5) * _SIDE, _SIDE * 0.4, fill)
        for turn, (row, column) in enumerate(problem.payload["moves"] if answer is None else (), 1):
            picture.label((column - 0.5) * _SIDE, (row - 0.5) * _SIDE, str(turn), weight=700)
        return picture.svg()

    def space(self, level: Level) -> float:
        """Games: about three moves to choose from on the smallest board, more on larger ones."""
        return float(1.0 + int(level["size"]) * 0.6) ** (int(level["moves"]) + int(level["before"]) - 1) * 4


def _opening(size: int) -> list[str]:
    """Four discs in the middle, white at the upper left of them."""
    half = size // 2
    upper = _EMPTY * (half - 1) + _WHITE + _BLACK + _EMPTY * (half - 1)
    return [upper if row == half - 1 else upper[::-1] if row == half else _EMPTY * size for row in range(size)]


def _padded(board: Sequence[str]) -> list[str]:
    """The board in one list with a border above, below and at the right of every row (which is the left of the next)."""
    size = len(board)
    border = ["|"] * (size + 1)
    return [*border, *(square for row in board for square in f"{row}|"), *border]


def _rows(flat: list[str], size: int) -> list[str]:
    return ["".join(flat[at : at + size]) for at in range(size + 1, (size + 1) * (size + 1), size + 1)]


def _beside(flat: list[str], size: int, discs: list[int]) -> list[int]:
    """The empty squares beside these."""
    steps = (1, -1, size, -size, size + 1, -size - 1, size + 2, -size - 2)
    return list(dict.fromkeys(at + step for at in discs for step in steps if flat[at + step] == _EMPTY))


def _turned(flat: list[str], size: int, at: int, colour: str) -> list[int]:
    """The places that a disc at ``at`` turns over."""
    other = _OTHER[colour]
    found: list[int] = []
    for step in (1, -1, size, -size, size + 1, -size - 1, size + 2, -size - 2):
        there = at + step
        while flat[there] == other:
            there += step
        if flat[there] == colour:
            found.extend(range(at + step, there, step))
    return found


def _move(flat: list[str], size: int, row: int, column: int, colour: str) -> list[int]:
    """Place a disc; returns what it turned over."""
    at = row * (size + 1) + column - 1
    turned = _turned(flat, size, at, colour)
    for place in (at, *turned):
        flat[place] = colour
    return turned


def _played(board: Sequence[str], colour: str, moves: Sequence[Sequence[int]]) -> list[str]:
    """The board after the moves, colours in turn."""
    flat, size = _padded(board), len(board)
    for row, column in moves:
        _move(flat, size, row, column, colour)
        colour = _OTHER[colour]
    return _rows(flat, size)


def _one_colour(board: Sequence[str], colour: str, moves: Sequence[Sequence[int]]) -> list[str]:
    flat, size = _padded(board), len(board)
    for row, column in moves:
        _move(flat, size, row, column, colour)
    return _rows(flat, size)


def _written(rows: Sequence[str]) -> str:
    return "\n".join(",".join(row) for row in rows)


TASK = Reversi()
