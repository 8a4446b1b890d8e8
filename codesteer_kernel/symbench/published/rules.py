"""The published verifiers, one rule a task, with their faults; :mod:`.compat` says when they apply.

Written after what the published functions do, not after their code. A rule takes the sample's published data, the problem
and the extracted text; it answers yes or no, or fails as the published one does.
"""

from __future__ import annotations

import ast
import json
import math
import operator
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from codesteer_kernel.symbench.problem import Problem

__all__ = ["RULES"]

_Published = Mapping[str, Any]
_Rule = Callable[[_Published, Problem, str], bool]


# ------------------------------------------------------------------------------------------------- Python, read only

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}


def _read_python(text: str) -> Any:
    """The value of numbers, strings, lists, tuples, arithmetic and "or", as Python would have it.

    Raises:
        ValueError: anything else stands there, or a value grows beyond use.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, MemoryError) as fault:
        raise ValueError("this is no expression") from fault
    return _value(tree.body)


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=int() | float() | str() as value):
            return value
        case ast.List(elts=parts):
            return [_value(part) for part in parts]
        case ast.Tuple(elts=parts):
            return tuple(_value(part) for part in parts)
        case ast.BoolOp(op=ast.Or(), values=parts):
            return next((value for value in map(_value, parts) if value), _value(parts[-1]))
        case ast.UnaryOp(op=sign, operand=inner) if type(sign) in _UNARY:
            return _UNARY[type(sign)](_number(_value(inner)))
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _BINARY:
            x, y = _number(_value(left)), _number(_value(right))
            if isinstance(sign, ast.Pow) and (abs(y) > 64 or abs(x) > 10**9):
                raise ValueError("a power grows beyond use")
            return _number(_BINARY[type(sign)](x, y))
    raise ValueError("this is no arithmetic")


def _number(value: Any) -> Any:
    if not isinstance(value, int | float) or (isinstance(value, int) and value.bit_length() > 20_000):
        raise ValueError("this is no number of use")
    return value


# --------------------------------------------------------------------------------------------------- published rules


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _pair_list(text: str) -> list[tuple[int, int]]:
    """Pairs up to the first piece that is none: the published reader stops there."""
    pairs = []
    for part in text.split(","):
        found = part.split()
        if len(found) != 2 or not all(re.fullmatch("-?[0-9]+", one) for one in found):
            break
        pairs.append((int(found[0]), int(found[1])))
    return pairs


def _game24(published: _Published, problem: Problem, text: str) -> bool:
    left, equals, right = text.partition("=")
    if equals and _read_python(right) != published["target"]:
        return False
    numbers = [int(run) for run in re.findall("[0-9]+", left)]
    same = Counter(numbers) == Counter(published["numbers"])
    return same and bool(_read_python(left) == published["target"])


def _combinatorial(published: _Published, problem: Problem, text: str) -> bool:
    if not (text.startswith("[") and text.endswith("]")):
        return False
    parts = [part.strip("\"'") for part in _parts(text[1:-1])]
    numbers = [int(part) for part in parts if re.fullmatch("-?[0-9]+", part)]
    others = [part for part in parts if not re.fullmatch("-?[0-9]+", part)]
    if sorted(numbers) != sorted(published["numbers"]) or not set(others) <= set("+-*/()"):
        return False
    value = _read_python("".join(parts))
    return isinstance(value, int | float) and math.isclose(value, published["target"], rel_tol=1e-9)


def _logical_equation(published: _Published, problem: Problem, text: str) -> bool:
    values, gold = _read_python(text), published["solution"]
    if len(values) != len(gold):
        return False
    named = {chr(65 + at): float(value) for at, value in enumerate(values)}

    def term(word: str) -> float:
        return named[word] if word[0].isalpha() else float(word[:-1]) * named[word[-1]]

    for line in re.findall(r"^[0-9]+\. (.+)$", problem.question, re.MULTILINE):
        match line.split():
            case [left, "=", right] if term(left) != term(right):
                return False
            case [left, ">", right] if term(left) <= term(right):
                return False
            case [left, "<", right] if term(left) >= term(right):
                return False
            case [left, "+", right, "=", total] if term(left) + term(right) != float(total):
                return False
            case [left, "-", right, "=", total] if term(left) - term(right) != float(total):
                return False
    return all(int(value) in gold for value in values)


def _eight_queens(published: _Published, problem: Problem, text: str) -> bool:
    queens = _pair_list(text)
    if len(queens) != 8 or any(list(queen) in published["blocked_positions"] for queen in queens):
        return False
    lines = ([row for row, _ in queens], [column for _, column in queens], [r + c for r, c in queens])
    return all(len(set(line)) == 8 for line in (*lines, [r - c for r, c in queens]))


def _logic_puzzle(published: _Published, problem: Problem, text: str) -> bool:
    chosen, grid = _pair_list(text), published["grid"]
    if len(chosen) != len(published["solution"]):
        return False
    kept, size = set(chosen), range(len(grid))
    rows = [[grid[row][column] for column in size if (row, column) in kept] for row in size]
    columns = [[grid[row][column] for row in size if (row, column) in kept] for column in size]
    if published["constraints"]["type"] == "sum_le_4":
        return all(sum(line) <= 4 for line in rows + columns)
    return all(math.prod(line) > 0 for line in rows + columns)


def _same_list(key: Callable[[_Published], Sequence[str]]) -> _Rule:
    """Comma-separated texts that equal the stored ones."""
    return lambda published, problem, text: _parts(text) == [part.strip() for part in key(published)]


def _whole_number(published: _Published, problem: Problem, text: str) -> bool:
    return bool(int(text) == published["solution"])


def _same_text(key: str) -> _Rule:
    return lambda published, problem, text: bool(text == published[key])


def _new_operator(published: _Published, problem: Problem, text: str) -> bool:
    return float(text) == float(str(published["solution"]))


def _light(published: _Published, problem: Problem, text: str) -> bool:
    return bool([int(part) for part in _parts(text)] == published["solution"])


def _pooling(published: _Published, problem: Problem, text: str) -> bool:
    return [int(part) for part in _parts(text)] == [cell for row in published["solution"] for cell in row]


def _synthesis_decomposition(published: _Published, problem: Problem, text: str) -> bool:
    parts, gold, complexity = _parts(text), published["solution"]["answer"], published["complexity"]
    if complexity > 2:
        return bool(parts == gold[: 5 if complexity > 4 else 4])
    return len(parts) == 3 and [*parts[:2], parts[-1]] == [*gold[:2], gold[-2]]


_GENERATES = {"A": "B", "B": "C", "C": "D", "D": "E", "E": "A"}
_OVERCOMES = {"A": "C", "C": "E", "E": "B", "B": "D", "D": "A"}
_BEATS = {"A": "B", "B": "C", "C": "D", "D": "A"}


def _cards(published: _Published, problem: Problem, text: str) -> bool:
    """Won and lost rounds must show the stored card in two of the games; animals are compared by rank, once each."""
    cards, gold = _parts(text), published["solution"]
    if len(cards) != len(gold):
        return False
    if published["game_type"] == "animal" and len(set(cards)) != len(cards):
        return False
    for mine, theirs, stored, result in zip(published["player_moves"], cards, gold, published["results"], strict=False):
        if published["game_type"] == "animal":
            ahead = "ABCDEFGH".index(theirs) - "ABCDEFGH".index(mine)
            fits = {
                "draw": theirs == mine,
                "win": ahead > 0 or (mine, theirs) == ("H", "A"),
                "loss": ahead < 0 or (mine, theirs) == ("A", "H"),
            }[result]
        elif result != "draw":
            fits = theirs == stored
        elif published["game_type"] == "elements":
            fits = theirs not in (_GENERATES[mine], _OVERCOMES[mine])
        else:
            fits = theirs != _BEATS[mine] and mine != _BEATS[theirs]
        if not fits:
            return False
    return True


def _pattern(published: _Published, problem: Problem, text: str) -> bool:
    row, column = text.split(",")[:2]
    return int(row) == int(published["row"]) and int(column) == int(published["column"])


def _letter_logic(published: _Published, problem: Problem, text: str) -> bool:
    rows = [_parts(row.strip("[]")) for row in text.strip("[]").split("],[")]
    return bool(rows == published["solution"])


def _string_synthesis(published: _Published, problem: Problem, text: str) -> bool:
    """Every character is a count."""
    return bool([int(digit) for digit in re.sub("[][', ]", "", text)] == published["final_counts"])


def _sudoku(published: _Published, problem: Problem, text: str) -> bool:
    """The first nine rows and columns; what stands beyond them is not looked at."""
    answer, puzzle, nine = json.loads(text), published["puzzle"], range(9)
    cells = {(row, column): answer[row][column] for row in nine for column in nine}
    if any(puzzle[row][column] not in (0, value) for (row, column), value in cells.items()):
        return False
    if any(not 1 <= value <= 9 for value in cells.values()):
        return False
    groups = [[cells[row, column] for column in nine] for row in nine]
    groups += [[cells[row, column] for row in nine] for column in nine]
    groups += [[cells[3 * (box // 3) + at // 3, 3 * (box % 3) + at % 3] for at in nine] for box in nine]
    return all(len(set(group)) == 9 for group in groups)


def _books(published: _Published, problem: Problem, text: str) -> bool:
    """Every stated constraint, on the list as it is: books too many or missing are no fault."""
    place = {book: at for at, book in enumerate(json.loads(text), 1)}
    for line in published["constraints_text"].splitlines():
        books, digits = re.findall(r"[Bb]ook ([A-Za-z])\b", line), re.findall(r"position ([0-9]+)", line)
        first = place.get(books[0])
        second = place.get(books[-1])
        if "must be placed" in line:
            fits = first == int(digits[0])
        elif "cannot be placed" in line:
            fits = first != int(digits[0])
        elif first is None or second is None:
            fits = False
        elif "adjacent" in line:
            fits = abs(first - second) == 1
        else:
            fits = first < second if "left" in line else first > second
        if not fits:
            return False
    return bool(place)


def _letters(published: _Published, problem: Problem, text: str) -> bool:
    """A fixed form; positions as a set, the word as the question spells it."""
    match = re.search(r"Count: ([0-9]+), Positions: \[(.*?)\]", text)
    if match is None:
        return False
    right = {at for at, letter in enumerate(published["word"], 1) if letter == published["letter"]}
    return int(match[1]) == len(right) and {int(part) for part in match[2].split(",")} == right


def _number_multiply(published: _Published, problem: Problem, text: str) -> bool:
    """The target's digits anywhere in the text."""
    return str(published["target"]) in text or f"{published['target']:,}" in text


def _boxlift(published: _Published, problem: Problem, text: str) -> bool:
    """Assignments that are not allowed are passed over; a lifter counts each time that it is named."""
    rest, lifters = list(published["boxes"]), published["lifters"]
    for step in text.split("Step")[1 : published["max_steps"] + 1]:
        used: set[int] = set()
        for weight, indices in _read_python(step.split(":")[1]):
            if weight not in rest or used & set(indices) or sum(lifters[at] for at in indices) < weight:
                continue
            rest.remove(weight)
            used |= set(indices)
    return not rest


def _boxnet(published: _Published, problem: Problem, text: str) -> bool:
    """Moves that are not allowed are passed over; minus signs in front of coordinates are not seen."""
    cells: dict[str, list[str]] = {name: list(things) for name, things in published["cells"].items()}
    for step in json.loads(text):
        for agent, action in step.items():
            here = "_".join(re.findall(r"[0-9]+\.?[0-9]*", agent)[:2])
            match = re.fullmatch(r"move\((box_\w+), (.+)\)", action)
            things = cells[here]
            if match is None or match[1] not in things:
                continue
            box, goal = match[1], match[2]
            if goal.startswith("square"):
                there = "_".join(re.findall(r"[0-9]+\.?[0-9]*", goal)[:2])
                (row, column), (other_row, other_column) = (map(float, name.split("_")) for name in (here, there))
                if abs(row - other_row) + abs(column - other_column) == 1:
                    things.remove(box)
                    cells[there].append(box)
            elif goal == box.replace("box", "target") and goal in things:
                things.remove(box)
                things.remove(goal)
    return not any(cells.values())


def _blocksworld(published: _Published, problem: Problem, text: str) -> bool:
    """Every line is a move of a top block between known stacks; an empty plan is refused."""
    stacks = {name: list(blocks) for name, blocks in published["initial"].items()}
    for line in text.split("\n"):
        match = re.fullmatch(r"Move (\w+) from (?:stack)?([0-9]+) to (?:stack)?([0-9]+)", line.strip())
        if match is None:
            return False
        source, goal = f"stack{match[2]}", f"stack{match[3]}"
        if source not in stacks or goal not in stacks or stacks[source][-1:] != [match[1]]:
            return False
        stacks[goal].append(stacks[source].pop())
    wanted = {name: blocks for name, blocks in published["goal"].items() if blocks}
    return {name: blocks for name, blocks in stacks.items() if blocks} == wanted


def _path_plan(published: _Published, problem: Problem, text: str) -> bool:
    """Edges that are properly crossed count as entries; touching, running along and staying inside do not."""
    path = [tuple(map(float, point)) for point in re.findall(r"\((-?[0-9.]+),\s*(-?[0-9.]+)\)", text)]
    if len(path) < 2 or list(path[0]) != published["start"] or list(path[-1]) != published["end"]:
        return False

    def crosses(box: Sequence[float]) -> bool:
        x0, x1, y0, y1 = box
        corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
        edges = list(zip(corners, [*corners[1:], corners[0]], strict=True))
        return any(_cross(*leg, *edge) for leg in pairwise(path) for edge in edges)

    boxes = published["boxes"]
    if any(crosses(wall) for wall in published["walls"]):
        return False
    entered = all(crosses(boxes[colour]) for colour in published["visit"])
    return entered and not any(crosses(boxes[colour]) for colour in published["avoid"])


def _cross(a: tuple[float, ...], b: tuple[float, ...], c: tuple[float, ...], d: tuple[float, ...]) -> bool:
    def left(p: tuple[float, ...], q: tuple[float, ...], r: tuple[float, ...]) -> bool:
        return (r[1] - p[1]) * (q[0] - p[0]) > (q[1] - p[1]) * (r[0] - p[0])

    return left(a, c, d) != left(b, c, d) and left(a, b, c) != left(a, b, d)


RULES: dict[str, _Rule] = {
    "game24": _game24,
    "path_plan": _path_plan,
    "boxlift": _boxlift,
    "boxnet": _boxnet,
    "blocksworld": _blocksworld,
    "logical_equation": _logical_equation,
    "new_operator": _new_operator,
    "pooling": _pooling,
    "light_puzzles": _light,
    "mahjong_pattern": _whole_number,
    "statistical_counting": _whole_number,
    "matrix_transformation": _same_list(lambda published: published["formatted_solution"].split(",")),
    "logic_puzzle": _logic_puzzle,
    "constrained_linear_arrangement": _cards,
    "pattern_recognition": _pattern,
    "string_insertion": _same_text("modified_string"),
    "letter_logic_diagram": _letter_logic,
    "string_deletion_and_modification": _same_text("final_string"),
    "string_synthesis": _string_synthesis,
    "reversi": _same_list(lambda published: published["solution"].split(",")),
    "standard_sudoku": _sudoku,
    "letters": _letters,
    "eight_queens": _eight_queens,
    "number_multiply": _number_multiply,
    "cryptanalysis": lambda published, problem, text: text == "".join(published["answer"]),
    "string_splitting": lambda published, problem, text: text == "".join(published["expected_answer"]),
    "combinatorial_calculation": _combinatorial,
    "synthesis_decomposition": _synthesis_decomposition,
    "2048": _same_list(lambda published: published["solution"].replace("\n", ",").split(",")),
    "permutations_and_combinations": _books,
}
