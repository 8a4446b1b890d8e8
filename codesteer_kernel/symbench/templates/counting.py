"""Problems of counting and probability; sizes are about the largest number of things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import cache
from itertools import pairwise, product
from math import comb, factorial, isqrt, lcm, prod
from random import Random

from codesteer_kernel.symbench.templates.template import Numbers, Template

__all__ = ["TEMPLATES"]


# ------------------------------------------------------------------------------------------------------ tools of chance


def _each(*names: str, low: int = 2, times: int = 1) -> Callable[[Random, int], Numbers]:
    """Numbers from ``low`` to some times the size."""
    return lambda rng, size: {name: rng.randint(low, max(low + 2, times * size)) for name in names}


def _choice(rng: Random, size: int) -> Numbers:
    n = rng.randint(5, 10 * size)
    return {"n": n, "k": rng.randint(2, n - 2)}


def _boxes(rng: Random, size: int) -> Numbers:
    k, m = rng.randint(2, max(6, size)), rng.randint(0, 3)
    return {"k": k, "m": m, "n": k * m + rng.randint(2, 2 * size)}


def _multiples(rng: Random, size: int) -> Numbers:
    a, b = rng.sample(range(3, 40), 2)
    low = rng.randint(1, 50 * size)
    return {"a": a, "b": b, "low": low, "high": low + rng.randint(200, 200 + 50 * size)}


def _way(rng: Random, size: int) -> Numbers:
    a, b = rng.randint(3, max(size, 5)), rng.randint(3, max(size, 5))
    return {"a": a, "b": b, "x": rng.randint(1, a - 1), "y": rng.randint(1, b - 1)}


def _group(rng: Random, size: int) -> Numbers:
    m, w = rng.randint(3, max(2 * size, 5)), rng.randint(2, max(size, 4))
    return {"m": m, "w": w, "k": rng.randint(2, min(m, 8))}


def _dice(rng: Random, size: int) -> Numbers:
    a, b = rng.randint(4, max(size, 6)), rng.randint(4, max(size, 6))
    return {"a": a, "b": b, "s": rng.randint(3, a + b - 1)}


def _largest(rng: Random, size: int) -> Numbers:
    f = rng.randint(4, max(3 * size, 6))
    return {"f": f, "n": rng.randint(2, 9), "m": rng.randint(2, f)}


def _coins(rng: Random, size: int) -> Numbers:
    n = rng.randint(4, max(2 * size, 8))
    low = rng.randint(1, n - 2)
    return {"n": n, "k": low, "m": rng.randint(low + 1, n)}


def _trials(rng: Random, size: int) -> Numbers:
    b = rng.randint(3, 20)
    n = rng.randint(3, max(8, size // 2))
    return {"a": rng.randint(1, b - 1), "b": b, "n": n, "k": rng.randint(1, n)}


def _tickets(rng: Random, size: int) -> Numbers:
    counts = {name: rng.randint(1, max(3, size // 3)) for name in ("p", "q", "r")}
    prizes = dict(zip(("u", "v", "w"), sorted(rng.sample(range(1, 10 * size), 3)), strict=True))
    return {**counts, **prizes, "k": rng.randint(2, min(3, sum(counts.values())))}


def _some_of(rng: Random, size: int) -> Numbers:
    n = rng.randint(4, max(8, 2 * size))
    return {"n": n, "k": rng.randint(1, n - 2), "c": rng.randint(2, 9)}


def _toys(rng: Random, size: int) -> Numbers:
    k, m = rng.randint(2, max(5, size // 2)), rng.randint(1, 5)
    return {"k": k, "m": m, "n": k + m + rng.randint(1, max(5, 2 * size))}


def _corner_region(rng: Random, size: int) -> Numbers:
    k, b = rng.randint(2, 9), rng.randint(2, 5 * size)
    return {"a": rng.randint(1, k * b), "b": b, "k": k}


def _meeting(rng: Random, size: int) -> Numbers:
    t = rng.randint(20, 20 + 10 * size)
    return {"t": t, "w": rng.randint(2, t - 2)}


def _sum_below(rng: Random, size: int) -> Numbers:
    n = rng.randint(3, 10 * size)
    return {"n": n, "s": rng.randint(1, 2 * n - 1)}


def _walker(rng: Random, size: int) -> Numbers:
    n = rng.randint(3, max(5, min(size, 14)))
    b = rng.randint(3, 20)
    return {"n": n, "s": rng.randint(1, n - 1), "a": rng.choice([a for a in range(1, b) if 2 * a != b]), "b": b}


def _shooters(rng: Random, size: int) -> Numbers:
    b, d = rng.randint(3, max(size, 6)), rng.randint(3, max(size, 6))
    return {"a": rng.randint(1, b - 1), "b": b, "c": rng.randint(1, d - 1), "d": d}


def _clubs(rng: Random, size: int) -> Numbers:
    most = 5 * size
    parts = {name: rng.randint(1, most) for name in ("a", "b", "c", "ab", "ac", "bc", "abc", "none")}
    a, b, c, ab, ac, bc, abc, _ = parts.values()
    return {
        "n": sum(parts.values()),
        "a": a + ab + ac + abc,
        "b": b + ab + bc + abc,
        "c": c + ac + bc + abc,
        "ab": ab + abc,
        "ac": ac + abc,
        "bc": bc + abc,
        "abc": abc,
    }


def _election(rng: Random, size: int) -> Numbers:
    b = rng.randint(1, max(4 * size, 4))
    return {"a": b + rng.randint(1, max(4 * size, 4)), "b": b}


def _digit_sum(rng: Random, size: int) -> Numbers:
    k = rng.randint(3, max(5, min(2 * size, 50)))
    return {"k": k, "s": rng.randint(5, 9 * k - 5)}


def _rooks(rng: Random, size: int) -> Numbers:
    m, n = rng.randint(3, max(size, 5)), rng.randint(3, max(size, 5))
    return {"m": m, "n": n, "k": rng.randint(2, min(m, n))}


def _even_sum(rng: Random, size: int) -> Numbers:
    n = rng.randint(6, max(10 * size, 9))
    return {"n": n, "k": rng.randint(2, min(n - 2, 20))}


def _collector(rng: Random, size: int) -> Numbers:
    n = rng.randint(4, max(6 * size, 8))
    return {"n": n, "m": rng.randint(1, n - 2)}


def _powers(rng: Random, size: int) -> Numbers:
    return {"n": rng.randint(500, 50_000 * size)}


def _stairs(rng: Random, size: int) -> Numbers:
    n = rng.randint(5, 2 * size + 5)
    return {"n": n, "j": rng.randint(2, 5), "b": rng.randint(2, n - 2)}


def _word(rng: Random, size: int) -> Numbers:
    return {name: rng.randint(2, min(12, max(4, size // 3))) for name in ("a", "b", "c", "d")}


def _password(rng: Random, size: int) -> Numbers:
    return {"d": rng.randint(2, 10), "l": rng.randint(3, 26), "k": rng.randint(3, max(5, size))}


def _friends(rng: Random, size: int) -> Numbers:
    n = rng.randint(5, max(6 * size, 8))
    return {"n": n, "k": rng.randint(2, n - 2)}


def _urns(rng: Random, size: int) -> Numbers:
    return {name: rng.randint(2, max(size, 4)) for name in ("a", "b", "c", "d")}


def _no_neighbours(rng: Random, size: int) -> Numbers:
    a = rng.randint(2, max(6 * size, 5))
    return {"a": a, "b": rng.randint(2, a + 1)}


# -------------------------------------------------------------------------------------------------------- other methods


def _pascal(n: int, k: int) -> int:
    """The number of ways to choose, row by row of Pascal's triangle."""
    row = [1]
    for _ in range(n):
        row = [1, *(left + right for left, right in pairwise(row)), 1]
    return row[k]


def _filled(total: int, boxes: int, low: int, high: int) -> int:
    """In how many ways boxes with ``low`` to ``high`` things each hold ``total``: box after box."""
    ways = [1] + [0] * total
    for _ in range(boxes):
        ways = [sum(ways[rest - here] for here in range(low, min(high, rest) + 1)) for rest in range(total + 1)]
    return ways[total]


def _walks(right: int, up: int, allowed: Callable[[int, int], bool] = lambda x, y: True) -> int:
    """Ways on a grid to the right and up that stay on allowed crossings, crossing by crossing."""
    column = [0] * (up + 1)
    for x in range(right + 1):
        for y in range(up + 1):
            from_below = column[y - 1] if y else 0
            column[y] = (1 if x == y == 0 else column[y] + from_below) if allowed(x, y) else 0
    return column[up]


def _spread(chances: Iterable[tuple[int, Fraction]], times: int) -> dict[int, Fraction]:
    """The distribution of a sum of independent equal trials, trial by trial."""
    single = list(chances)
    totals = {0: Fraction(1)}
    for _ in range(times):
        following: dict[int, Fraction] = {}
        for total, share in totals.items():
            for value, chance in single:
                following[total + value] = following.get(total + value, Fraction(0)) + share * chance
        totals = following
    return totals


def _heads_by_tosses(n: Numbers) -> Fraction:
    half = Fraction(1, 2)
    heads = _spread([(0, half), (1, half)], n["n"])
    return sum((heads[at] for at in range(n["k"], n["m"] + 1)), Fraction(0))


def _solved(rows: Sequence[Sequence[Fraction]]) -> list[Fraction]:
    """The solution of a system of equations (the right side is a row's last entry), by elimination."""
    system = [list(row) for row in rows]
    size = len(system)
    for at in range(size):
        pivot = next(row for row in range(at, size) if system[row][at])
        system[at], system[pivot] = system[pivot], system[at]
        system[at] = [entry / system[at][at] for entry in system[at]]
        for row in range(size):
            if row != at and system[row][at]:
                factor = system[row][at]
                system[row] = [entry - factor * top for entry, top in zip(system[row], system[at], strict=True)]
    return [row[-1] for row in system]


def _clipped(width: int, height: int, inside: Callable[[Fraction, Fraction], Fraction]) -> Fraction:
    """The area of the part of a rectangle where a linear function is positive: corners cut off, shoelace."""
    zero = Fraction(0)
    corners = [(zero, zero), (Fraction(width), zero), (Fraction(width), Fraction(height)), (zero, Fraction(height))]
    kept: list[tuple[Fraction, Fraction]] = []
    for (x, y), (u, v) in zip(corners, [*corners[1:], corners[0]], strict=True):
        here, there = inside(x, y), inside(u, v)
        if here >= 0:
            kept.append((x, y))
        if here * there < 0:
            t = here / (here - there)
            kept.append((x + t * (u - x), y + t * (v - y)))
    ends = zip(kept, [*kept[1:], kept[0]], strict=True)
    return sum((x * v - u * y for (x, y), (u, v) in ends), zero) / 2


def _word_orders(n: Numbers) -> int:
    """By what the last letter is."""

    @cache
    def orders(left: tuple[int, ...]) -> int:
        if not any(left):
            return 1
        return sum(orders((*left[:at], count - 1, *left[at + 1 :])) for at, count in enumerate(left) if count)

    return orders((n["a"], n["b"], n["c"], n["d"]))


def _nobody_chosen(n: Numbers) -> Fraction:
    """One after the other, and never a woman."""
    chance = Fraction(1)
    for at in range(n["k"]):
        chance *= Fraction(n["m"] - at, n["m"] + n["w"] - at)
    return chance


def _drawn_alike(n: Numbers) -> Fraction:
    total = n["r"] + n["g"] + n["b"]
    return sum((Fraction(n[c], total) * Fraction(n[c] - 1, total - 1) for c in "rgb"), Fraction(0))


def _largest_by_rolls(n: Numbers) -> Fraction:
    """Outcomes by their largest number so far, roll by roll."""
    outcomes = [1] + [0] * n["f"]
    for _ in range(n["n"]):
        lower, following = 0, []
        for high, count in enumerate(outcomes):
            # The largest stays where the roll is no larger, or this roll becomes the largest.
            following.append(count * high + lower)
            lower += count
        outcomes = following
    return Fraction(outcomes[n["m"]], n["f"] ** n["n"])


def _ticket_values(n: Numbers) -> list[int]:
    return [n["u"]] * n["p"] + [n["v"]] * n["q"] + [n["w"]] * n["r"]


def _expected_by_draws(n: Numbers) -> Fraction:
    """Over all ordered draws, as a tree of counts."""

    def rest(left: Counter[int], draws: int) -> Fraction:
        if not draws:
            return Fraction(0)
        total = sum(left.values())
        value = Fraction(0)
        for prize, count in left.items():
            if count:
                value += Fraction(count, total) * (prize + rest(left - Counter([prize]), draws - 1))
        return value

    return rest(Counter(_ticket_values(n)), n["k"])


def _derangements(n: int) -> int:
    """By the recurrence of two terms."""
    before, now = 1, 0
    if n == 0:
        return 1
    for at in range(2, n + 1):
        before, now = now, (at - 1) * (now + before)
    return now


def _derangements_by_exclusion(n: int) -> int:
    return sum((-1) ** at * (factorial(n) // factorial(at)) for at in range(n + 1))


def _stirling(n: int, k: int) -> int:
    row = [1] + [0] * k
    for _ in range(n):
        row = [0] + [row[at - 1] + at * row[at] for at in range(1, k + 1)]
    return row[k]


def _ruin_by_equations(n: Numbers) -> Fraction:
    """The chance of the goal from every place: each is a mean of its neighbours."""
    size, win = n["n"] - 1, Fraction(n["a"], n["b"])
    rows = []
    for place in range(1, n["n"]):
        row = [Fraction(0)] * (size + 1)
        row[place - 1] = Fraction(1)
        if place > 1:
            row[place - 2] = win - 1
        if place < size:
            row[place] = -win
        else:
            row[size] = win
        rows.append(row)
    return _solved(rows)[n["s"] - 1]


def _ruin(n: Numbers) -> Fraction:
    ratio = Fraction(n["b"] - n["a"], n["a"])
    return (1 - ratio ** n["s"]) / (1 - ratio ** n["n"])


def _first_hit(n: Numbers) -> Fraction:
    """Two equations: the chance of the first shooter before his own and before the other's shot."""
    p, q = Fraction(n["a"], n["b"]), Fraction(n["c"], n["d"])
    one = Fraction(1)
    return _solved([[one, p - 1, p], [q - 1, one, Fraction(0)]])[0]


def _no_club(n: Numbers) -> int:
    """Region by region."""
    only_pairs = [n[pair] - n["abc"] for pair in ("ab", "ac", "bc")]
    ab, ac, bc = only_pairs
    singles = [n["a"] - ab - ac - n["abc"], n["b"] - ab - bc - n["abc"], n["c"] - ac - bc - n["abc"]]
    return n["n"] - sum(singles) - sum(only_pairs) - n["abc"]


def _digit_sum_by_exclusion(n: Numbers) -> int:
    k, s = n["k"], n["s"]
    return sum((-1) ** at * comb(k, at) * comb(s - 10 * at + k - 1, k - 1) for at in range(min(k, s // 10) + 1))


def _rooks_by_rows(n: Numbers) -> int:
    """Row by row: with k rooks placed, n - k columns are free."""
    ways = [1] + [0] * n["k"]
    for _ in range(n["m"]):
        ways = [ways[at] + (ways[at - 1] * (n["n"] - at + 1) if at else 0) for at in range(n["k"] + 1)]
    return ways[n["k"]]


def _even_sums(n: Numbers) -> int:
    """Number by number, with how many are chosen and whether their sum is even."""
    ways = {(0, 0): 1}
    for number in range(1, n["n"] + 1):
        following = dict(ways)
        for (chosen, odd), count in ways.items():
            if chosen < n["k"]:
                key = (chosen + 1, (odd + number) % 2)
                following[key] = following.get(key, 0) + count
        ways = following
    return ways.get((n["k"], 0), 0)


def _even_sums_by_choice(n: Numbers) -> int:
    odd, even = (n["n"] + 1) // 2, n["n"] // 2
    return sum(comb(odd, at) * comb(even, n["k"] - at) for at in range(0, n["k"] + 1, 2))


def _draws_by_equations(n: Numbers) -> Fraction:
    """The expected rest from every stage: e = 1 + (seen / n) e + (1 - seen / n) e', from the last stage back."""
    expected = Fraction(0)
    for seen in range(n["n"] - 1, n["m"] - 1, -1):
        stay = Fraction(seen, n["n"])
        expected = (1 + (1 - stay) * expected) / (1 - stay)
    return expected


def _climbs(n: Numbers) -> int:
    """Stair by stair: the last jump was 1 to j stairs, none ended on the broken one."""
    ways = [1]
    for stair in range(1, n["n"] + 1):
        ways.append(0 if stair == n["b"] else sum(ways[max(0, stair - n["j"]) : stair]))
    return ways[-1]


def _climbs_by_jumps(total: int, longest: int) -> int:
    """Sorted by the number of jumps: sums of that many numbers from 1 to the longest, by exclusion."""
    count = 0
    for jumps in range(1, total + 1):
        for at in range(min(jumps, (total - jumps) // longest) + 1):
            count += (-1) ** at * comb(jumps, at) * comb(total - longest * at - 1, jumps - 1)
    return count


def _block_orders(n: Numbers) -> int:
    """One after the other is put into the growing row: the blocks, the teachers, then each inside its block."""
    ways = 1
    for size in (n["c"] + 2, n["a"], n["b"]):
        for standing in range(size):
            ways *= standing + 1
    return ways


def _pattern_count(n: Numbers) -> int:
    """Rows of boys and girls without two girls side by side, place by place; who is who does not count."""
    ways = {(0, 0, False): 1}
    for _ in range(n["a"] + n["b"]):
        following: dict[tuple[int, int, bool], int] = {}
        for (boys, girls, last), count in ways.items():
            for key, allowed in (((boys + 1, girls, False), True), ((boys, girls + 1, True), not last)):
                if allowed and key[0] <= n["a"] and key[1] <= n["b"]:
                    following[key] = following.get(key, 0) + count
        ways = following
    return sum(ways.values())


def _passwords(n: Numbers) -> int:
    """Sign by sign, with and without a digit so far."""
    without, with_digit = 1, 0
    for _ in range(n["k"]):
        without, with_digit = without * n["l"], with_digit * (n["d"] + n["l"]) + without * n["d"]
    return with_digit


def _urn_by_cases(n: Numbers) -> Fraction:
    """Equally likely cases: both urns repeated until they hold the same number of balls."""
    first, second = n["a"] + n["b"], n["c"] + n["d"]
    balls = lcm(first, second)
    red_first, red_second = n["a"] * (balls // first), n["c"] * (balls // second)
    return Fraction(red_first, red_first + red_second)


def _transferred(n: Numbers) -> Fraction:
    total, there = n["a"] + n["b"], n["c"] + n["d"]
    red, blue = Fraction(n["a"], total), Fraction(n["b"], total)
    return red * Fraction(n["c"] + 1, there + 1) + blue * Fraction(n["c"], there + 1)


def _cube_root(number: int) -> int:
    found = round(float(number) ** (1 / 3))
    return int(found - (found**3 > number) + ((found + 1) ** 3 <= number))


def _sixth_root(number: int) -> int:
    return _cube_root(isqrt(number))


def _squares_and_cubes(n: Numbers) -> int:
    squares = {at * at for at in range(1, isqrt(n["n"]) + 1)}
    at = 1
    while at**3 <= n["n"]:
        squares.add(at**3)
        at += 1
    return len(squares)


def _multiples_between(low: int, high: int, step: int) -> int:
    return high // step - (low - 1) // step


def _sum_share(n: Numbers) -> Fraction:
    total, s = n["n"], n["s"]
    return Fraction(s * s, 2 * total * total) if s <= total else 1 - Fraction((2 * total - s) ** 2, 2 * total * total)


_ALL = (
    Template(
        "committee",
        1,
        _choice,
        lambda n: (
            f"In how many ways can a committee of {n['k']} members be chosen from {n['n']} people, if all members of the "
            "committee have equal rights?"
        ),
        lambda n: comb(n["n"], n["k"]),
        lambda n: _pascal(n["n"], n["k"]),
    ),
    Template(
        "grid_ways",
        1,
        _each("a", "b", times=5),
        lambda n: (
            f"On a grid of streets one walks from a crossing to the crossing {n['a']} blocks east and {n['b']} blocks north "
            "of it, always going east or north. How many different ways are there?"
        ),
        lambda n: comb(n["a"] + n["b"], n["a"]),
        lambda n: _walks(n["a"], n["b"]),
    ),
    Template(
        "divisors",
        1,
        _each("a", "b", "c", low=1),
        lambda n: (
            f"How many positive divisors does the number 2^{n['a']} * 3^{n['b']} * 5^{n['c']} have (^ means to the power "
            "of)? Count 1 and the number itself."
        ),
        lambda n: (n["a"] + 1) * (n["b"] + 1) * (n["c"] + 1),
        lambda n: sum(1 for _ in product(range(n["a"] + 1), range(n["b"] + 1), range(n["c"] + 1))),
    ),
    Template(
        "rectangles",
        2,
        _each("m", "n", times=6),
        lambda n: (
            f"A rectangle is divided into {n['m']} rows and {n['n']} columns of equal small squares. How many rectangles "
            "(squares included) of any size can be seen in it, with sides on the lines of the drawing?"
        ),
        lambda n: comb(n["m"] + 1, 2) * comb(n["n"] + 1, 2),
        lambda n: sum(
            (n["m"] - tall + 1) * (n["n"] - wide + 1) for tall in range(1, n["m"] + 1) for wide in range(1, n["n"] + 1)
        ),
    ),
    Template(
        "letters_in_rows",
        2,
        _word,
        lambda n: (
            f"How many different rows can be made of {n['a']} letters A, {n['b']} letters B, {n['c']} letters C and "
            f"{n['d']} letters D, if every row uses all {n['a'] + n['b'] + n['c'] + n['d']} letters and equal letters cannot be "
            "told apart?"
        ),
        lambda n: factorial(sum(n[x] for x in "abcd")) // prod(factorial(n[x]) for x in "abcd"),
        _word_orders,
    ),
    Template(
        "either_multiple",
        2,
        _multiples,
        lambda n: (
            f"How many whole numbers from {n['low']} to {n['high']}, both included, are divisible by {n['a']} or by "
            f"{n['b']} (or by both)?"
        ),
        lambda n: (
            _multiples_between(n["low"], n["high"], n["a"])
            + _multiples_between(n["low"], n["high"], n["b"])
            - _multiples_between(n["low"], n["high"], lcm(n["a"], n["b"]))
        ),
        lambda n: sum(x % n["a"] == 0 or x % n["b"] == 0 for x in range(n["low"], n["high"] + 1)),
    ),
    Template(
        "squares_or_cubes",
        2,
        _powers,
        lambda n: (
            f"How many whole numbers from 1 to {n['n']}, both included, are the square or the cube (or both) of a whole "
            "number?"
        ),
        lambda n: isqrt(n["n"]) + _cube_root(n["n"]) - _sixth_root(n["n"]),
        _squares_and_cubes,
    ),
    Template(
        "equal_things_in_boxes",
        2,
        _boxes,
        lambda n: (
            f"In how many ways can {n['n']} equal balls be put into {n['k']} numbered boxes so that every box holds at "
            f"least {n['m']} of them?"
        ),
        lambda n: comb(n["n"] - n["k"] * n["m"] + n["k"] - 1, n["k"] - 1),
        lambda n: _filled(n["n"], n["k"], n["m"], n["n"]),
    ),
    Template(
        "at_least_one",
        2,
        _group,
        lambda n: (
            f"From a group of {n['m']} men and {n['w']} women, {n['k']} people are chosen at random. What is the "
            "probability that at least one of them is a woman?"
        ),
        lambda n: 1 - Fraction(comb(n["m"], n["k"]), comb(n["m"] + n["w"], n["k"])),
        lambda n: 1 - _nobody_chosen(n),
    ),
    Template(
        "two_alike",
        2,
        _each("r", "g", "b"),
        lambda n: (
            f"A bag holds {n['r']} red, {n['g']} green and {n['b']} blue balls. Two balls are drawn at random without "
            "putting one back. What is the probability that they have the same colour?"
        ),
        lambda n: Fraction(sum(comb(n[c], 2) for c in "rgb"), comb(n["r"] + n["g"] + n["b"], 2)),
        _drawn_alike,
    ),
    Template(
        "expected_prize",
        2,
        _tickets,
        lambda n: (
            f"A box holds {n['p']} tickets worth {n['u']} dollars each, {n['q']} worth {n['v']} dollars each and {n['r']} "
            f"worth {n['w']} dollars each. {n['k']} tickets are drawn at random without putting any back. What is the expected "
            "total worth of the drawn tickets in dollars?"
        ),
        lambda n: Fraction(n["k"] * sum(_ticket_values(n)), len(_ticket_values(n))),
        _expected_by_draws,
    ),
    Template(
        "with_a_digit",
        2,
        _password,
        lambda n: (
            f"A code has {n['k']} signs in a row. Each sign is one of {n['d']} digits or one of {n['l']} letters, and signs "
            "may repeat. How many codes contain at least one digit?"
        ),
        lambda n: (n["d"] + n["l"]) ** n["k"] - n["l"] ** n["k"],
        _passwords,
    ),
    Template(
        "two_dice",
        2,
        _dice,
        lambda n: (
            f"Two fair dice are rolled, one with the faces 1 to {n['a']}, the other with the faces 1 to {n['b']}. What is "
            f"the probability that the sum is {n['s']}?"
        ),
        lambda n: Fraction(min(n["a"], n["s"] - 1) - max(1, n["s"] - n["b"]) + 1, n["a"] * n["b"]),
        lambda n: Fraction(
            sum(x + y == n["s"] for x in range(1, n["a"] + 1) for y in range(1, n["b"] + 1)), n["a"] * n["b"]
        ),
    ),
    Template(
        "way_through",
        3,
        _way,
        lambda n: (
            f"On a grid of streets one walks from a crossing to the crossing {n['a']} blocks east and {n['b']} blocks north "
            f"of it, always going east or north. How many ways lead through the crossing {n['x']} blocks east and {n['y']} "
            "blocks north of the start?"
        ),
        lambda n: comb(n["x"] + n["y"], n["x"]) * comb(n["a"] + n["b"] - n["x"] - n["y"], n["a"] - n["x"]),
        lambda n: _walks(n["a"], n["b"], lambda x, y: (x <= n["x"] and y <= n["y"]) or (x >= n["x"] and y >= n["y"])),
    ),
    Template(
        "way_around",
        3,
        _way,
        lambda n: (
            f"A robot moves on squares from the lower left corner square of a board with {n['a'] + 1} columns and "
            f"{n['b'] + 1} rows to its upper right corner square, each move one square to the right or up. The square in column "
            f"{n['x'] + 1} from the left and row {n['y'] + 1} from below is blocked. How many ways are there?"
        ),
        lambda n: (
            comb(n["a"] + n["b"], n["a"])
            - comb(n["x"] + n["y"], n["x"]) * comb(n["a"] + n["b"] - n["x"] - n["y"], n["a"] - n["x"])
        ),
        lambda n: _walks(n["a"], n["b"], lambda x, y: (x, y) != (n["x"], n["y"])),
    ),
    Template(
        "square_divisors",
        3,
        _each("a", "b", "c"),
        lambda n: (
            f"How many positive divisors of 2^{n['a']} * 3^{n['b']} * 7^{n['c']} (^ means to the power of) are squares of "
            "whole numbers? 1 is one of them."
        ),
        lambda n: (n["a"] // 2 + 1) * (n["b"] // 2 + 1) * (n["c"] // 2 + 1),
        lambda n: sum(
            not (x % 2 or y % 2 or z % 2)
            for x, y, z in product(range(n["a"] + 1), range(n["b"] + 1), range(n["c"] + 1))
        ),
    ),
    Template(
        "largest_roll",
        3,
        _largest,
        lambda n: (
            f"A fair die with the faces 1 to {n['f']} is rolled {n['n']} times. What is the probability that the largest "
            f"number rolled is exactly {n['m']}?"
        ),
        lambda n: Fraction(n["m"] ** n["n"] - (n["m"] - 1) ** n["n"], n["f"] ** n["n"]),
        _largest_by_rolls,
    ),
    Template(
        "heads",
        3,
        _coins,
        lambda n: (
            f"A fair coin is tossed {n['n']} times. What is the probability of at least {n['k']} and at most {n['m']} heads?"
        ),
        lambda n: Fraction(sum(comb(n["n"], at) for at in range(n["k"], n["m"] + 1)), 2 ** n["n"]),
        _heads_by_tosses,
    ),
    Template(
        "exact_successes",
        3,
        _trials,
        lambda n: (
            f"A player hits with probability {n['a']}/{n['b']} in every throw, independently. What is the probability that "
            f"exactly {n['k']} of {n['n']} throws hit?"
        ),
        lambda n: Fraction(
            comb(n["n"], n["k"]) * n["a"] ** n["k"] * (n["b"] - n["a"]) ** (n["n"] - n["k"]), n["b"] ** n["n"]
        ),
        lambda n: _spread([(1, Fraction(n["a"], n["b"])), (0, 1 - Fraction(n["a"], n["b"]))], n["n"])[n["k"]],
    ),
    Template(
        "two_blocks",
        3,
        _each("a", "b", "c"),
        lambda n: (
            f"{n['a']} boys, {n['b']} girls and {n['c']} teachers, all different, stand in a row. In how many orders do all "
            "boys stand side by side, with nobody else between them, and all girls, too? The teachers may stand anywhere."
        ),
        lambda n: factorial(n["c"] + 2) * factorial(n["a"]) * factorial(n["b"]),
        _block_orders,
    ),
    Template(
        "round_table",
        3,
        _friends,
        lambda n: (
            f"{n['n']} people sit down around a round table with {n['n']} seats, each seating with the same probability. "
            f"What is the probability that {n['k']} certain friends among them sit on {n['k']} neighbouring seats, in any order?"
        ),
        lambda n: Fraction(n["n"], comb(n["n"], n["k"])),
        lambda n: Fraction(n["n"], _pascal(n["n"], n["k"])),
    ),
    Template(
        "three_clubs",
        3,
        _clubs,
        lambda n: (
            f"Of {n['n']} students, {n['a']} sing, {n['b']} dance and {n['c']} paint; {n['ab']} sing and dance, {n['ac']} "
            f"sing and paint, {n['bc']} dance and paint; {n['abc']} of these do all three. How many students do none of the three?"
        ),
        lambda n: n["n"] - n["a"] - n["b"] - n["c"] + n["ab"] + n["ac"] + n["bc"] - n["abc"],
        _no_club,
    ),
    Template(
        "point_in_rectangle",
        3,
        _corner_region,
        lambda n: (
            f"A point (x, y) is chosen at random, evenly, in the rectangle with the corners (0, 0), ({n['a']}, 0), "
            f"({n['a']}, {n['b']}) and (0, {n['b']}). What is the probability that x > {n['k']}y?"
        ),
        lambda n: Fraction(n["a"], 2 * n["k"] * n["b"]),
        lambda n: _clipped(n["a"], n["b"], lambda x, y: x - n["k"] * y) / (n["a"] * n["b"]),
    ),
    Template(
        "stairs",
        3,
        _stairs,
        lambda n: (
            f"A staircase has {n['n']} stairs. One climbs it by jumps of 1 to {n['j']} stairs each, and stair {n['b']} is "
            "broken and must not be stepped on. In how many ways can one reach exactly the last stair, if the order of the jumps "
            "counts?"
        ),
        lambda n: (
            _climbs_by_jumps(n["n"], n["j"])
            - _climbs_by_jumps(n["b"], n["j"]) * _climbs_by_jumps(n["n"] - n["b"], n["j"])
        ),
        _climbs,
    ),
    Template(
        "rooks",
        3,
        _rooks,
        lambda n: (
            f"In how many ways can {n['k']} equal rooks be placed on a board with {n['m']} rows and {n['n']} columns so "
            "that no two are in the same row or in the same column?"
        ),
        lambda n: comb(n["m"], n["k"]) * comb(n["n"], n["k"]) * factorial(n["k"]),
        _rooks_by_rows,
    ),
    Template(
        "meeting",
        4,
        _meeting,
        lambda n: (
            f"Two friends each come to a place at a random moment, evenly and independently, within the same {n['t']} "
            f"minutes. Each waits {n['w']} minutes for the other, even beyond the end of the {n['t']} minutes. What is the "
            "probability that they meet?"
        ),
        lambda n: 1 - Fraction(n["t"] - n["w"], n["t"]) ** 2,
        lambda n: (n["t"] ** 2 - 2 * _clipped(n["t"], n["t"], lambda x, y: x - y - n["w"])) / Fraction(n["t"] ** 2),
    ),
    Template(
        "sum_of_two",
        4,
        _sum_below,
        lambda n: (
            f"Two real numbers are chosen at random, evenly and independently, between 0 and {n['n']}. What is the "
            f"probability that their sum is less than {n['s']}?"
        ),
        _sum_share,
        lambda n: _clipped(n["n"], n["n"], lambda x, y: n["s"] - x - y) / (n["n"] ** 2),
    ),
    Template(
        "girls_apart",
        4,
        _no_neighbours,
        lambda n: (
            f"{n['a']} boys and {n['b']} girls stand in a row in random order. What is the probability that no two girls "
            "stand side by side?"
        ),
        lambda n: Fraction(comb(n["a"] + 1, n["b"]), comb(n["a"] + n["b"], n["b"])),
        lambda n: Fraction(_pattern_count(n), _pascal(n["a"] + n["b"], n["b"])),
    ),
    Template(
        "own_hats",
        4,
        _some_of,
        lambda n: (
            f"{n['n']} men and {n['c']} women leave their hats at a party. Afterwards each man takes one of the men's hats and "
            f"each woman one of the women's hats, at random. In how many of the possible outcomes do exactly {n['k']} men and no "
            "woman get their own hat?"
        ),
        lambda n: comb(n["n"], n["k"]) * _derangements(n["n"] - n["k"]) * _derangements(n["c"]),
        lambda n: (
            _pascal(n["n"], n["k"]) * _derangements_by_exclusion(n["n"] - n["k"]) * _derangements_by_exclusion(n["c"])
        ),
    ),
    Template(
        "toys",
        4,
        _toys,
        lambda n: (
            f"{n['n']} different toys are given to Ann and {n['k']} other children. In how many ways can this be done so "
            f"that every toy is given away, Ann gets exactly {n['m']} and every other child at least one?"
        ),
        lambda n: (
            comb(n["n"], n["m"])
            * sum((-1) ** at * comb(n["k"], at) * (n["k"] - at) ** (n["n"] - n["m"]) for at in range(n["k"] + 1))
        ),
        lambda n: _pascal(n["n"], n["m"]) * _stirling(n["n"] - n["m"], n["k"]) * factorial(n["k"]),
    ),
    Template(
        "which_urn",
        4,
        _urns,
        lambda n: (
            f"Urn A holds {n['a']} red and {n['b']} blue balls, urn B {n['c']} red and {n['d']} blue ones. One of the urns "
            "is chosen by a fair coin and a ball is drawn from it at random. It is red. What is the probability that it came "
            "from urn A?"
        ),
        lambda n: (
            Fraction(n["a"], n["a"] + n["b"]) / (Fraction(n["a"], n["a"] + n["b"]) + Fraction(n["c"], n["c"] + n["d"]))
        ),
        _urn_by_cases,
    ),
    Template(
        "moved_ball",
        4,
        _urns,
        lambda n: (
            f"Urn A holds {n['a']} red and {n['b']} blue balls, urn B {n['c']} red and {n['d']} blue ones. A ball is drawn "
            "from urn A at random and put into urn B. Then a ball is drawn from urn B at random. What is the probability that "
            "this second ball is red?"
        ),
        _transferred,
        lambda n: (n["c"] + Fraction(n["a"], n["a"] + n["b"])) / (n["c"] + n["d"] + 1),
    ),
    Template(
        "digit_sum",
        4,
        _digit_sum,
        lambda n: f"How many strings of {n['k']} digits (0 to 9, zeros in front allowed) have the digit sum {n['s']}?",
        _digit_sum_by_exclusion,
        lambda n: _filled(n["s"], n["k"], 0, 9),
    ),
    Template(
        "even_sum",
        4,
        _even_sum,
        lambda n: (
            f"In how many ways can {n['k']} different numbers be chosen from 1, 2, ..., {n['n']} so that their sum is even? "
            "The order of choosing does not count."
        ),
        _even_sums_by_choice,
        _even_sums,
    ),
    Template(
        "collector",
        5,
        _collector,
        lambda n: (
            f"Every packet holds one of {n['n']} different pictures, each with the same probability. Somebody already has "
            f"{n['m']} different pictures. What is the expected number of further packets until all {n['n']} are there?"
        ),
        lambda n: sum((Fraction(n["n"], at) for at in range(1, n["n"] - n["m"] + 1)), Fraction(0)),
        _draws_by_equations,
    ),
    Template(
        "two_shooters",
        5,
        _shooters,
        lambda n: (
            f"Two players throw at a target in turn until one hits it and wins. The first to throw hits with probability "
            f"{n['a']}/{n['b']} each time, the second with probability {n['c']}/{n['d']}. What is the probability that the one "
            "who throws first wins?"
        ),
        lambda n: (
            Fraction(n["a"], n["b"]) / (1 - Fraction(n["b"] - n["a"], n["b"]) * Fraction(n["d"] - n["c"], n["d"]))
        ),
        _first_hit,
    ),
    Template(
        "ruin",
        5,
        _walker,
        lambda n: (
            f"A player has {n['s']} dollars and plays for one dollar at a time; each game is won with probability "
            f"{n['a']}/{n['b']}, else lost. The player stops at 0 dollars or at {n['n']} dollars. What is the probability of "
            f"stopping at {n['n']} dollars?"
        ),
        _ruin,
        _ruin_by_equations,
    ),
    Template(
        "always_ahead",
        5,
        _election,
        lambda n: (
            f"In an election A gets {n['a']} votes and B gets {n['b']}. The votes are counted one after the other in random "
            "order. What is the probability that A is strictly ahead of B after every counted vote, from the first one on?"
        ),
        lambda n: Fraction(n["a"] - n["b"], n["a"] + n["b"]),
        lambda n: Fraction(_walks(n["a"], n["b"], lambda x, y: x > y or x == y == 0), _walks(n["a"], n["b"])),
    ),
)

TEMPLATES = {template.name: template for template in _ALL}
