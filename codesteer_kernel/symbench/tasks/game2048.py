"""2048: slide one tile step by step; equal tiles merge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.knobs import real, whole
from codesteer_kernel.symbench.pictures import COLOURS, PAPER, board
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.reading import grid
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_STEPS = {"u": (-1, 0), "d": (1, 0), "l": (0, -1), "r": (0, 1)}
_TRIES = 2000
_Grid = list[list[int]]


class Game2048(Task):
    """A board of powers of two, one tile, a row of moves; the board after them is asked."""

    name = "2048"
    paper_name = "2048"
    split = "unseen"
    version = "1"
    about = "Move one tile over a board of powers of two and merge it with equal ones."
    rule = "The tile goes one square a move into empty squares, merges with equal tiles, stays where others or the edge are."
    knobs = {
        "size": whole(4, 2, 10, "rows and columns of the board"),
        "moves": whole(5, 1, 60, "how many moves there are"),
        "merges": whole(1, 0, 10, "how often the tile merges; at most as often as it moves"),
        "filled": real(0.4, 0.0, 1.0, "share of squares with tiles, off the tile's way"),
        "highest": whole(5, 1, 10, "the largest tile at the start is two to this power"),
    }
    levels = {
        "1": {"size": 3, "moves": 3},
        "2": {"size": 4, "moves": 5},
        "3": {"size": 5, "moves": 8, "merges": 2},
        "4": {"size": 6, "moves": 14, "merges": 3},
        "5": {"size": 8, "moves": 26, "merges": 5},
        "paper-1": {"size": 2, "moves": 2, "merges": 0},
        "paper-2": {"size": 3, "moves": 3, "merges": 0},
        "paper-3": {"size": 4, "moves": 4, "merges": 0},
        "paper-4": {"size": 5, "moves": 5, "merges": 0, "filled": 0.3},
        "paper-5": {"size": 5, "moves": 6, "merges": 0, "filled": 0.2},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """The way is walked over squares that are still open: each is decided when the tile comes to it."""
        for _ in range(_TRIES):
            draft = _walked(rng, level)
            if draft is not None:
                return draft
        raise BadInput(
            f"No way of {level['moves']} moves with {level['merges']} merges was found.", "Ask for fewer merges."
        )

    def ask(self, payload: Mapping[str, Any]) -> str:
        """The board, the tile, the moves, and what can happen in a move."""
        grid, (row, column) = payload["grid"], payload["start"]
        return (
            f"A board of {len(grid)} rows and {len(grid)} columns holds tiles with powers of 2; 0 is an empty square.\n\n"
            f"{_written(grid)}\n\n"
            f"Only the tile at row {row}, column {column} (counted from 1 at the top left) is moved, by these moves from "
            f"left to right: {payload['moves']}\n"
            "u is up, d is down, l is left, r is right. A move looks at the next square in its direction:\n"
            "- empty: the tile goes there, one square only, and leaves an empty square behind;\n"
            "- an equal tile: both become one tile of twice the value there, which is the moving tile from now on; an "
            "empty square is left behind;\n"
            "- another tile, or the edge of the board: nothing happens.\n"
            "If there is no tile at the named square, nothing ever happens. All other tiles stay where they are.\n"
            "Write the board after the last move, a row a line and a comma between the numbers, between <<< and >>>, for "
            "example for 2 rows:\n<<<\n4,0\n2,16\n>>>"
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """The board cell by cell."""
        size = len(payload["grid"])
        found = []
        for row in grid(text, size, size):
            for cell in row:
                if not (cell.isascii() and cell.isdigit() and len(cell) < 10):
                    raise Refused("unreadable", f"{cell[:20]!r} is not a tile.")
            found.append([int(cell) for cell in row])
        if found != _played(payload["grid"], payload["start"], payload["moves"]):
            raise Refused("not_goal", "This is not the board after the last move.")
        return _written(found)

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """On a flat board with a border, the tile lifted off it until the end."""
        grid, (row, column) = problem.payload["grid"], problem.payload["start"]
        stride = len(grid) + 1
        border = -1
        flat = [border] * stride + [tile for line in grid for tile in [*line, border]] + [border] * stride
        at = stride * row + column - 1
        tile, flat[at] = flat[at], 0
        for move in problem.payload["moves"] if tile else "":
            there = at + {"u": -stride, "d": stride, "l": -1, "r": 1}[move]
            if flat[there] == tile:
                tile, flat[there] = 2 * tile, 0
            if flat[there] == 0:
                at = there
        flat[at] = tile
        rows = [flat[stride * line : stride * line + len(grid)] for line in range(1, len(grid) + 1)]
        return [_written(rows)][:limit]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """A move missed, the whole board slid, a trace left behind, cells off."""
        grid, start, moves = problem.payload["grid"], problem.payload["start"], problem.payload["moves"]
        right = _played(grid, start, moves)
        size = len(grid)
        row, column = rng.randrange(size), rng.randrange(size)
        yield "one cell off", _written(_with(right, row, column, right[row][column] * 2 or 2))
        yield "row missing", _written(right[:-1])
        yield "cell missing", _written([*right[:-1], right[-1][:-1]])
        wrong = {
            "last move missed": _played(grid, start, moves[:-1]),
            "nothing moved": grid,
            "up and down swapped": _played(grid, start, moves.translate(str.maketrans("ud", "du"))),
            "trace left behind": _with(right, start[0] - 1, start[1] - 1, grid[start[0] - 1][start[1] - 1]),
            "slid to the edge": _played(grid, start, "".join(move * size for move in moves)),
            "rows and columns swapped": [list(line) for line in zip(*right, strict=True)],
        }
        for kind, board_ in wrong.items():
            if board_ != right:
                yield kind, _written(board_)

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """Everything is in the sample's data; the tile's place counts from 0 there."""
        grid = [[int(tile) for tile in row] for row in published["grid"]]
        row, column = (int(place) + 1 for place in published["start_pos"])
        moves = str(published["moves"])
        if not grid or any(len(line) != len(grid) for line in grid):
            raise ValueError("The board is no square.")
        if any(tile < 0 or tile.bit_count() > 1 for line in grid for tile in line):
            raise ValueError("A tile is no power of two.")
        if not 1 <= row <= len(grid) or not 1 <= column <= len(grid) or not set(moves) <= set(_STEPS):
            raise ValueError("The tile or a move is not one of the board's.")
        return {"grid": grid, "start": [row, column], "moves": moves}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The board as it is stored, a row a line."""
        return str(published["solution"]) if "solution" in published else None

    def effort(self, problem: Problem) -> float:
        """Moves to follow and squares to copy."""
        return len(problem.payload["moves"]) * 4.0 + len(problem.payload["grid"]) ** 2

    def draw(self, problem: Problem, answer: str | None = None) -> str:
        """Tiles darker with their value, the moving one framed in colour."""
        grid, (row, column) = problem.payload["grid"], problem.payload["start"]
        if answer is not None:
            grid = [[int(tile) for tile in line.split(",")] for line in answer.splitlines()]
            return board("The board after the moves", _blank(grid), lambda i, j: _shade(grid[i][j])).svg()
        title = f"The board; the tile in row {row}, column {column} moves {problem.payload['moves']}"
        moving = (row - 1, column - 1)
        return board(
            title, _blank(grid), lambda i, j: COLOURS["orange"] if (i, j) == moving else _shade(grid[i][j])
        ).svg()

    def space(self, level: Level) -> float:
        """Choices of moves, the tile and its place, and of the squares off the way, as far as the knobs fix them."""
        size, moves = int(level["size"]), int(level["moves"])
        off = max(0, size * size - moves - 1) * float(level["filled"])
        return float(3.0**moves * size * size * 4.0 * int(level["highest"]) ** min(off, 100))


def _walked(rng: Random, level: Mapping[str, Any]) -> Draft | None:
    """A problem whose way has the wanted merges, or None where it cannot go on or leads nowhere."""
    size, count, merges = level["size"], level["moves"], level["merges"]
    if merges > count:
        raise BadInput("A tile cannot merge more often than it moves.", "Ask for fewer merges or more moves.")
    tiles = [2**power for power in range(1, level["highest"] + 1)]
    start: list[list[int | None]] = [[None] * size for _ in range(size)]
    row, column = place = rng.randrange(size), rng.randrange(size)
    tile = start[row][column] = rng.choice(tiles)
    now = {place: 0}
    moves = ""
    for left in range(count, 0, -1):
        merge = rng.random() * left < merges
        sides = rng.sample(sorted(_STEPS), 4)
        if merge:
            # Only an open square can still become an equal tile.
            sides = [side for side in sides if _inside(size, row, column, side) and _next(row, column, side) not in now]
            if not sides:
                return None
        move = sides[0]
        there = _next(row, column, move)
        moves += move
        if not _inside(size, row, column, move):
            continue
        if there not in now:
            others = [other for other in tiles if other != tile]
            met = tile if merge else rng.choice(others) if others and rng.random() < level["filled"] else 0
            now[there] = start[there[0]][there[1]] = met
        if now[there] == tile:
            merges -= 1
            tile, now[there] = 2 * tile, 0
        if now[there] == 0:
            row, column = there
    if merges > 0:
        return None
    grid = [
        [(rng.choice(tiles) if rng.random() < level["filled"] else 0) if cell is None else cell for cell in line]
        for line in start
    ]
    after = [line[:] for line in grid]
    for (i, j), met in now.items():
        after[i][j] = met
    after[row][column] = tile
    if after == grid:
        return None
    payload = {"grid": grid, "start": [place[0] + 1, place[1] + 1], "moves": moves}
    return Draft(payload, _written(after), {"unique": True})


def _next(row: int, column: int, move: str) -> tuple[int, int]:
    down, right = _STEPS[move]
    return row + down, column + right


def _inside(size: int, row: int, column: int, move: str) -> bool:
    row, column = _next(row, column, move)
    return 0 <= row < size and 0 <= column < size


def _played(grid: _Grid, start: list[int], moves: str) -> _Grid:
    """The board after the moves."""
    grid = [row[:] for row in grid]
    size = len(grid)
    row, column = start[0] - 1, start[1] - 1
    if grid[row][column] == 0:
        return grid
    for move in moves:
        down, right = _STEPS[move]
        i, j = row + down, column + right
        if 0 <= i < size and 0 <= j < size and grid[i][j] in (0, grid[row][column]):
            grid[i][j] += grid[row][column]
            grid[row][column] = 0
            row, column = i, j
    return grid


def _with(grid: _Grid, row: int, column: int, tile: int) -> _Grid:
    grid = [line[:] for line in grid]
    grid[row][column] = tile
    return grid


def _blank(grid: _Grid) -> list[list[object]]:
    return [[tile or "" for tile in row] for row in grid]


def _shade(tile: int) -> str:
    """Paper for an empty square, then warmer with every power."""
    return f"hsl(42 {min(90, 30 + 6 * tile.bit_length())}% {max(68, 97 - 3 * tile.bit_length())}%)" if tile else PAPER


def _written(grid: _Grid) -> str:
    return "\n".join(",".join(map(str, row)) for row in grid)


TASK = Game2048()
