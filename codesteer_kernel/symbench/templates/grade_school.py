"""Word problems of grade school with large numbers; sizes are the digits of the large ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from random import Random

from codesteer_kernel.symbench.templates.template import Numbers, Template

__all__ = ["TEMPLATES"]

_Equation = tuple[Mapping[str, int | Fraction], int | Fraction]


# ------------------------------------------------------------------------------------------------------ tools of chance


def _large(rng: Random, digits: int) -> int:
    return rng.randint(max(2, 10 ** (digits - 1)), 10**digits - 1)


def _drawn(*large: str, **small: tuple[int, int]) -> Callable[[Random, int], Numbers]:
    """Large numbers of the size's digits, and small ones from ranges."""

    def draw(rng: Random, digits: int) -> Numbers:
        return {name: _large(rng, digits) for name in large} | {
            name: rng.randint(*pair) for name, pair in small.items()
        }

    return draw


def _two_prices(rng: Random, digits: int) -> Numbers:
    adults, children = _large(rng, digits), _large(rng, digits)
    child = rng.randint(2, 30)
    return {"n": adults + children, "a": child + rng.randint(1, 30), "c": child, "x": adults}


def _chase(rng: Random, digits: int) -> Numbers:
    v = _large(rng, digits)
    return {"v": v, "w": v + rng.randint(1, max(2, v // 2)), "h": rng.randint(2, 30)}


def _packed(rng: Random, digits: int) -> Numbers:
    return {"x": 100 + _large(rng, digits), "k": rng.randint(12, 97), "c": rng.randint(3, 60)}


def _tank(rng: Random, digits: int) -> Numbers:
    b = rng.randint(2, 30)
    return {"x": 5000 + _large(rng, digits), "a": b + rng.randint(3, 50), "b": b, "m": rng.randint(2, 60)}


def _business(rng: Random, digits: int) -> Numbers:
    c = rng.randint(3, 60)
    return {"f": _large(rng, digits), "g": _large(rng, digits), "c": c, "p": c + rng.randint(2, 40)}


def _three_sums(rng: Random, digits: int) -> Numbers:
    a, b, c = (_large(rng, digits) for _ in range(3))
    return {"x": a + b, "y": b + c, "z": a + c}


def _stages(rng: Random, digits: int) -> Numbers:
    low = _large(rng, digits)
    high = low + _large(rng, digits)
    return {
        "x": high + _large(rng, digits),
        "s": low,
        "t": high,
        "p": rng.randint(2, 9),
        "q": rng.randint(10, 25),
        "b": rng.randint(900, 5000),
    }


def _trains(rng: Random, digits: int) -> Numbers:
    v, w, h = rng.randint(40, 120), rng.randint(40, 120), rng.randint(1, 9)
    return {"x": v * h + 100 + _large(rng, digits), "v": v, "w": w, "h": h}


def _stall(rng: Random, digits: int) -> Numbers:
    y = _large(rng, digits)
    a = rng.randint(20, 90)
    return {"x": y + _large(rng, digits), "y": y, "a": a, "b": a + rng.randint(5, 90), "c": rng.randint(3, a)}


# -------------------------------------------------------------------------------------------------------- other methods


def _unknown(wanted: str, *equations: _Equation) -> Fraction:
    """One unknown of a system of linear equations, each given as factors by name and a right side; by elimination."""
    names = sorted({name for factors, _ in equations for name in factors})
    rows = [[*(Fraction(factors.get(name, 0)) for name in names), Fraction(right)] for factors, right in equations]
    for at in range(len(names)):
        pivot = next(row for row in range(at, len(rows)) if rows[row][at])
        rows[at], rows[pivot] = rows[pivot], rows[at]
        rows[at] = [entry / rows[at][at] for entry in rows[at]]
        for row in range(len(rows)):
            if row != at and rows[row][at]:
                factor = rows[row][at]
                rows[row] = [entry - factor * top for entry, top in zip(rows[row], rows[at], strict=True)]
    return rows[names.index(wanted)][-1]


def _least(enough: Callable[[int], bool]) -> int:
    """The smallest whole number from 0 that is enough, by doubling and halving."""
    high = 1
    while not enough(high):
        high *= 2
    low = -1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _digit_rest(number: int, by: int) -> int:
    """The remainder of a long division, digit by digit."""
    rest = 0
    for digit in str(number):
        rest = (10 * rest + int(digit)) % by
    return rest


def _debt(n: Numbers) -> Fraction:
    owed = Fraction(n["x"])
    for _ in range(n["m"]):
        owed = owed + owed * n["p"] / 100 - n["y"]
    return owed


def _debt_at_once(n: Numbers) -> Fraction:
    growth = 1 + Fraction(n["p"], 100)
    return n["x"] * growth ** n["m"] - n["y"] * (growth ** n["m"] - 1) / (growth - 1)


def _heirs_forwards(n: Numbers) -> Fraction:
    left = Fraction(n["x"])
    for _ in range(n["k"]):
        left -= left / n["d"] + n["c"]
    return left


def _heirs_at_once(n: Numbers) -> Fraction:
    keep = 1 - Fraction(1, n["d"])
    return n["x"] * keep ** n["k"] - n["c"] * (1 - keep ** n["k"]) * n["d"]


def _savings(n: Numbers) -> int:
    total, today = 0, n["x"]
    for _ in range(n["d"]):
        total += today
        today += n["y"]
    return total


def _doubled(n: Numbers) -> int:
    amount = n["x"]
    for _ in range(n["t"]):
        amount += amount
    return amount


def _pay(n: Numbers) -> Fraction:
    """Stage by stage, as a payslip lists it."""
    return n["b"] + sum(
        (
            Fraction(rate, 100) * max(0, min(n["x"], end) - start)
            for start, end, rate in ((0, n["s"], 0), (n["s"], n["t"], n["p"]), (n["t"], n["x"], n["q"]))
        ),
        Fraction(0),
    )


def _mean(values: Sequence[int | Fraction]) -> Fraction:
    """By moving the mean with every further value."""
    mean = Fraction(0)
    for count, value in enumerate(values, 1):
        mean += (value - mean) / count
    return mean


def _replayed_sales(n: Numbers) -> int:
    left = n["x"]
    for _ in range(n["d"]):
        left -= n["a"]
    return left


_ALL = (
    Template(
        "half_as_much",
        1,
        _drawn("x"),
        lambda n: (
            f"A carpet takes {n['x']} metres of blue yarn and half as much white yarn. How many metres of yarn does it take "
            "in all?"
        ),
        lambda n: Fraction(3 * n["x"], 2),
        lambda n: _unknown(
            "all", ({"blue": 1}, n["x"]), ({"white": 2, "blue": -1}, 0), ({"all": 1, "white": -1, "blue": -1}, 0)
        ),
    ),
    Template(
        "in_every_box",
        1,
        _drawn("x", k=(12, 480)),
        lambda n: f"A warehouse holds {n['x']} boxes with {n['k']} screws each. How many screws are there?",
        lambda n: n["x"] * n["k"],
        lambda n: sum(n["x"] * int(digit) * 10**at for at, digit in enumerate(reversed(str(n["k"])))),
    ),
    Template(
        "more_and_fewer",
        1,
        _drawn("x", a=(3, 900), b=(3, 900)),
        lambda n: (
            f"Rita has {n['a']} more stamps than Mona, and Mona has {n['b']} fewer stamps than Bert. Bert has {n['x']} "
            "stamps. How many stamps do the three have together? (A negative number is a debt of stamps.)"
        ),
        lambda n: 3 * n["x"] - 2 * n["b"] + n["a"],
        lambda n: _unknown(
            "all",
            ({"rita": 1, "mona": -1}, n["a"]),
            ({"mona": 1, "bert": -1}, -n["b"]),
            ({"bert": 1}, n["x"]),
            ({"all": 1, "rita": -1, "mona": -1, "bert": -1}, 0),
        ),
    ),
    Template(
        "sold_daily",
        2,
        _drawn("x", a=(20, 400), d=(5, 60)),
        lambda n: (
            f"A shop has {n['x']} candles. It sells {n['a']} of them every day for {n['d']} days and takes all orders, even "
            "if candles are missing then. How many candles are left? (A negative number means that so many are missing.)"
        ),
        lambda n: n["x"] - n["a"] * n["d"],
        _replayed_sales,
    ),
    Template(
        "two_rates",
        2,
        _drawn("x", "y", a=(2, 12), b=(2, 12)),
        lambda n: (
            f"A machine makes {n['x']} screws an hour for {n['a']} hours, and then {n['y']} screws an hour for {n['b']} "
            "hours. How many screws does it make in all?"
        ),
        lambda n: n["x"] * n["a"] + n["y"] * n["b"],
        lambda n: sum([n["x"]] * n["a"]) + sum([n["y"]] * n["b"]),
    ),
    Template(
        "discount_and_shipping",
        2,
        _drawn("x", p=(5, 90), s=(5, 99)),
        lambda n: (
            f"A machine costs {n['x']} dollars. The buyer gets {n['p']} percent off and pays {n['s']} dollars for shipping. "
            "How many dollars does the buyer pay in all?"
        ),
        lambda n: Fraction(n["x"] * (100 - n["p"]), 100) + n["s"],
        lambda n: _unknown("pay", ({"off": 100}, n["x"] * n["p"]), ({"pay": 1, "off": 1}, n["x"] + n["s"])),
    ),
    Template(
        "average_with_half",
        2,
        _drawn("x", "y"),
        lambda n: (
            f"One zebra has {n['x']} stripes, a second one {n['y']} stripes, and a third one half as many as the first. How "
            "many stripes have they on average?"
        ),
        lambda n: Fraction(3 * n["x"] + 2 * n["y"], 6),
        lambda n: _mean([n["x"], n["y"], Fraction(n["x"], 2)]),
    ),
    Template(
        "minutes_to_hours",
        2,
        _drawn("x", m=(5, 55), d=(2, 9)),
        lambda n: (
            f"A hotel has {n['x']} rooms. It takes {n['m']} minutes to clean a room. How many hours does it take to clean "
            f"1/{n['d']} of the rooms, if parts of a room are counted as parts?"
        ),
        lambda n: Fraction(n["x"] * n["m"], 60 * n["d"]),
        lambda n: _unknown(
            "hours",
            ({"rooms": n["d"]}, n["x"]),
            ({"minutes": 1, "rooms": -n["m"]}, 0),
            ({"hours": 60, "minutes": -1}, 0),
        ),
    ),
    Template(
        "shared_profit",
        2,
        _drawn("x", c=(100, 9000), k=(3, 19)),
        lambda n: (
            f"A club earns {n['x']} dollars at a fair and has costs of {n['c']} dollars. What is left is shared equally "
            f"among {n['k']} groups; a loss is shared, too, as a negative number. How many dollars does each group get?"
        ),
        lambda n: Fraction(n["x"] - n["c"], n["k"]),
        lambda n: _unknown("each", ({"each": n["k"], "cost": 1}, n["x"]), ({"cost": 1}, n["c"])),
    ),
    Template(
        "left_over",
        2,
        _packed,
        lambda n: (
            f"{n['x']} eggs are packed into cartons of {n['k']} until a carton cannot be filled any more. How many eggs are "
            "left over?"
        ),
        lambda n: n["x"] % n["k"],
        lambda n: _digit_rest(n["x"], n["k"]),
    ),
    Template(
        "up_and_down",
        3,
        _drawn("x", p=(5, 95), q=(5, 95)),
        lambda n: (
            f"A town has {n['x']} inhabitants on paper. The number grows by {n['p']} percent in the first year and then "
            f"shrinks by {n['q']} percent in the second. What number does this calculation give (not rounded to whole people)?"
        ),
        lambda n: Fraction(n["x"] * (100 + n["p"]) * (100 - n["q"]), 10_000),
        lambda n: _unknown(
            "second",
            ({"first": 100}, n["x"] * (100 + n["p"])),
            ({"loss": 100, "first": -n["q"]}, 0),
            ({"second": 1, "first": -1, "loss": 1}, 0),
        ),
    ),
    Template(
        "chain_of_three",
        3,
        _drawn("x", k=(2, 9), d=(3, 800)),
        lambda n: (
            f"Cora has {n['x']} points. Ben has {n['d']} points more than Cora, and Ada has {n['k']} times as many points as "
            "Ben. How many points do the three have together?"
        ),
        lambda n: n["x"] + (n["x"] + n["d"]) * (n["k"] + 1),
        lambda n: _unknown(
            "all",
            ({"cora": 1}, n["x"]),
            ({"ben": 1, "cora": -1}, n["d"]),
            ({"ada": 1, "ben": -n["k"]}, 0),
            ({"all": 1, "ada": -1, "ben": -1, "cora": -1}, 0),
        ),
    ),
    Template(
        "ratio_difference",
        3,
        _drawn("x", a=(2, 9), b=(10, 19), c=(20, 40)),
        lambda n: (
            f"{n['x']} litres of juice are divided among three schools in the ratio {n['a']} : {n['b']} : {n['c']}. How many "
            "litres more does the school with the largest part get than the one with the smallest?"
        ),
        lambda n: Fraction(n["x"] * (n["c"] - n["a"]), n["a"] + n["b"] + n["c"]),
        lambda n: _unknown(
            "more",
            ({"part": n["a"] + n["b"] + n["c"]}, n["x"]),
            ({"small": 1, "part": -n["a"]}, 0),
            ({"large": 1, "part": -n["c"]}, 0),
            ({"more": 1, "large": -1, "small": 1}, 0),
        ),
    ),
    Template(
        "fractions_spent",
        3,
        _drawn("x", a=(3, 12), b=(3, 12)),
        lambda n: (
            f"Olga has {n['x']} dollars. She spends 1/{n['a']} of it on a car, and then 1/{n['b']} of the rest on a "
            "boat. How many dollars are left?"
        ),
        lambda n: n["x"] * Fraction(n["a"] - 1, n["a"]) * Fraction(n["b"] - 1, n["b"]),
        lambda n: _unknown(
            "left",
            ({"car": n["a"]}, n["x"]),
            ({"rest": 1, "car": 1}, n["x"]),
            ({"boat": n["b"], "rest": -1}, 0),
            ({"left": 1, "boat": 1, "rest": -1}, 0),
        ),
    ),
    Template(
        "sum_and_difference",
        3,
        _drawn("x", d=(3, 990)),
        lambda n: (
            f"Two farms together have {n['x']} hens. The larger one has {n['d']} hens more than the other. How many hens has "
            "the larger one by this calculation (it need not come out whole)?"
        ),
        lambda n: Fraction(n["x"] + n["d"], 2),
        lambda n: _unknown("large", ({"large": 1, "small": 1}, n["x"]), ({"large": 1, "small": -1}, n["d"])),
    ),
    Template(
        "price_in_steps",
        3,
        _drawn("x", k=(100, 900), p=(11, 40), q=(2, 10)),
        lambda n: (
            f"A printer charges {n['p']} cents for each of the first {n['k']} pages and {n['q']} cents for every further "
            f"page. How many cents do {n['x'] + n['k']} pages cost?"
        ),
        lambda n: n["k"] * n["p"] + n["x"] * n["q"],
        lambda n: (n["x"] + n["k"]) * n["q"] + n["k"] * (n["p"] - n["q"]),
    ),
    Template(
        "full_crates",
        3,
        _packed,
        lambda n: (
            f"{n['x']} bottles are to be moved in crates that hold {n['k']} bottles each. Every crate costs {n['c']} "
            "dollars, also one that is not full. How many dollars must be paid for the crates at least?"
        ),
        lambda n: -(-n["x"] // n["k"]) * n["c"],
        lambda n: _least(lambda crates: crates * n["k"] >= n["x"]) * n["c"],
    ),
    Template(
        "bought_and_sold",
        3,
        _stall,
        lambda n: (
            f"A trader buys {n['x']} melons for {n['a']} cents each. He sells {n['y']} of them for {n['b']} cents each and "
            f"the rest for {n['c']} cents each. What is his profit in cents? (A loss is a negative profit.)"
        ),
        lambda n: n["y"] * n["b"] + (n["x"] - n["y"]) * n["c"] - n["x"] * n["a"],
        lambda n: n["y"] * (n["b"] - n["a"]) + (n["x"] - n["y"]) * (n["c"] - n["a"]),
    ),
    Template(
        "exchange",
        3,
        _drawn("x", a=(2, 9), b=(10, 40), c=(2, 9), d=(10, 40)),
        lambda n: (
            f"On a market {n['a']} shells are worth {n['b']} beads, and {n['c']} beads are worth {n['d']} seeds. How many "
            f"seeds are {n['x']} shells worth?"
        ),
        lambda n: Fraction(n["x"] * n["b"] * n["d"], n["a"] * n["c"]),
        lambda n: _unknown("seeds", ({"beads": n["a"]}, n["x"] * n["b"]), ({"seeds": n["c"], "beads": -n["d"]}, 0)),
    ),
    Template(
        "simple_interest",
        3,
        _drawn("x", p=(1, 12), m=(2, 35)),
        lambda n: (
            f"{n['x']} dollars are lent at {n['p']} percent a year, without interest on interest; each month counts as a "
            f"twelfth of a year. How many dollars are to be paid back after {n['m']} months, interest included?"
        ),
        lambda n: n["x"] + Fraction(n["x"] * n["p"] * n["m"], 1200),
        lambda n: n["x"] + sum((Fraction(n["x"] * n["p"], 100) / 12 for _ in range(n["m"])), Fraction(0)),
    ),
    Template(
        "needed_for_the_mean",
        3,
        _drawn("x", "y", k=(3, 11)),
        lambda n: (
            f"Over the last {n['k']} months a shop took {n['x']} dollars a month on average. How many dollars would it have "
            f"to take next month so that the average of all {n['k'] + 1} months is {n['y']} dollars? (The number may be negative.)"
        ),
        lambda n: n["y"] * (n["k"] + 1) - n["x"] * n["k"],
        lambda n: _unknown("next", ({"next": 1, "before": 1}, n["y"] * (n["k"] + 1)), ({"before": 1}, n["x"] * n["k"])),
    ),
    Template(
        "before_spending",
        4,
        _drawn("x", "y", a=(3, 12)),
        lambda n: (
            f"Finn spends 1/{n['a']} of his money, and after that {n['y']} dollars more. Then he has {n['x']} dollars. How "
            "many dollars did he have at first?"
        ),
        lambda n: Fraction((n["x"] + n["y"]) * n["a"], n["a"] - 1),
        lambda n: _unknown("first", ({"first": 1, "part": -n["a"]}, 0), ({"first": 1, "part": -1}, n["x"] + n["y"])),
    ),
    Template(
        "working_together",
        4,
        _drawn("x", a=(11, 90), b=(11, 90), h=(2, 20)),
        lambda n: (
            f"An order of {n['x'] + n['a'] * n['h']} plates is worked on by machine A alone for {n['h']} hours, then by "
            f"machines A and B together. A makes {n['a']} plates an hour, B makes {n['b']}. How many hours do they work together?"
        ),
        lambda n: Fraction(n["x"], n["a"] + n["b"]),
        lambda n: _unknown(
            "t",
            ({"made_a": 1, "t": -n["a"]}, n["a"] * n["h"]),
            ({"made_b": 1, "t": -n["b"]}, 0),
            ({"made_a": 1, "made_b": 1}, n["x"] + n["a"] * n["h"]),
        ),
    ),
    Template(
        "catching_up",
        4,
        _chase,
        lambda n: (
            f"A ship leaves a port and sails {n['v']} metres an hour. {n['h']} hours later a second ship leaves the same port "
            f"and follows it at {n['w']} metres an hour. How many metres from the port does it catch up with the first one?"
        ),
        lambda n: Fraction(n["v"] * n["w"] * n["h"], n["w"] - n["v"]),
        lambda n: _unknown("s", ({"s": 1, "t": -n["w"]}, 0), ({"s": 1, "t": -n["v"]}, n["v"] * n["h"])),
    ),
    Template(
        "two_kinds_of_tickets",
        4,
        _two_prices,
        lambda n: (
            f"For a concert {n['n']} tickets were sold, for {n['a']} dollars to adults and for {n['c']} dollars to children, "
            f"and {n['x'] * n['a'] + (n['n'] - n['x']) * n['c']} dollars were taken in all. How many tickets for adults were sold?"
        ),
        lambda n: n["x"],
        lambda n: _unknown(
            "adults",
            ({"adults": 1, "children": 1}, n["n"]),
            ({"adults": n["a"], "children": n["c"]}, n["x"] * n["a"] + (n["n"] - n["x"]) * n["c"]),
        ),
    ),
    Template(
        "mixture",
        4,
        _drawn("x", "y", p=(5, 45), q=(46, 95)),
        lambda n: (
            f"{n['x']} litres of a drink with {n['p']} percent of juice are mixed with {n['y']} litres of a drink with "
            f"{n['q']} percent of juice. What percentage of the mixture is juice? Write the number of percent."
        ),
        lambda n: Fraction(n["x"] * n["p"] + n["y"] * n["q"], n["x"] + n["y"]),
        lambda n: n["p"] + Fraction(n["y"], n["x"] + n["y"]) * (n["q"] - n["p"]),
    ),
    Template(
        "doubling",
        4,
        _drawn("x", d=(2, 9), t=(3, 14)),
        lambda n: (
            f"A culture has {n['x']} cells, and their number doubles every {n['d']} hours. How many cells are there after "
            f"{n['d'] * n['t']} hours?"
        ),
        lambda n: n["x"] * 2 ** n["t"],
        _doubled,
    ),
    Template(
        "growing_savings",
        4,
        _drawn("x", "y", d=(5, 60)),
        lambda n: (
            f"Ida saves {n['x']} dollars on the first day and on every later day {n['y']} dollars more than on the day "
            f"before. How many dollars has she saved after {n['d']} days?"
        ),
        lambda n: n["d"] * n["x"] + n["y"] * n["d"] * (n["d"] - 1) // 2,
        _savings,
    ),
    Template(
        "price_before",
        4,
        _drawn("x", p=(5, 60), q=(5, 60)),
        lambda n: (
            f"A house was made cheaper by {n['p']} percent, and later by {n['q']} percent of that lower price. Now it costs "
            f"{n['x']} dollars. How many dollars did it cost at first?"
        ),
        lambda n: Fraction(n["x"] * 10_000, (100 - n["p"]) * (100 - n["q"])),
        lambda n: _unknown(
            "first", ({"first": 100 - n["p"], "second": -100}, 0), ({"second": 100 - n["q"]}, 100 * n["x"])
        ),
    ),
    Template(
        "mean_speed",
        4,
        _drawn("x", "y", v=(20, 90), w=(20, 90)),
        lambda n: (
            f"A ship sails {n['x']} kilometres at {n['v']} kilometres an hour and then {n['y']} kilometres at {n['w']} "
            "kilometres an hour. What is its mean speed over the whole way in kilometres an hour?"
        ),
        lambda n: Fraction((n["x"] + n["y"]) * n["v"] * n["w"], n["x"] * n["w"] + n["y"] * n["v"]),
        lambda n: 1 / (Fraction(n["x"], n["x"] + n["y"]) / n["v"] + Fraction(n["y"], n["x"] + n["y"]) / n["w"]),
    ),
    Template(
        "leaking_tank",
        4,
        _tank,
        lambda n: (
            f"An empty tank holds {n['x']} litres. A pipe fills it with {n['a']} litres a minute. After {n['m']} minutes a "
            f"leak opens through which {n['b']} litres a minute run out again. How many minutes after the start is the tank full?"
        ),
        lambda n: n["m"] + Fraction(n["x"] - n["a"] * n["m"], n["a"] - n["b"]),
        lambda n: _unknown("t", ({"t": n["a"], "leaked": -1}, n["x"]), ({"leaked": 1, "t": -n["b"]}, -n["b"] * n["m"])),
    ),
    Template(
        "two_trains",
        4,
        _trains,
        lambda n: (
            f"Two stations A and B are {n['x']} kilometres apart. A train leaves A for B at {n['v']} kilometres an hour. "
            f"{n['h']} hours later a train leaves B for A at {n['w']} kilometres an hour. How many kilometres from A do they meet?"
        ),
        lambda n: n["v"] * (n["h"] + Fraction(n["x"] - n["v"] * n["h"], n["v"] + n["w"])),
        lambda n: _unknown("s", ({"s": 1, "t": -n["v"]}, 0), ({"s": 1, "t": n["w"]}, n["x"] + n["w"] * n["h"])),
    ),
    Template(
        "three_sums",
        5,
        _three_sums,
        lambda n: (
            f"The first and the second of three crates weigh {n['x']} grams together, the second and the third {n['y']} "
            f"grams, the first and the third {n['z']} grams. How many grams does the first crate weigh?"
        ),
        lambda n: Fraction(n["x"] + n["z"] - n["y"], 2),
        lambda n: _unknown("a", ({"a": 1, "b": 1}, n["x"]), ({"b": 1, "c": 1}, n["y"]), ({"a": 1, "c": 1}, n["z"])),
    ),
    Template(
        "break_even",
        5,
        _business,
        lambda n: (
            f"A factory pays {n['f']} dollars for machines, and {n['c']} dollars for the material of each lamp. It sells the "
            f"lamps for {n['p']} dollars each. How many lamps must it make and sell at least to have a profit of {n['g']} dollars "
            "or more?"
        ),
        lambda n: -(-(n["f"] + n["g"]) // (n["p"] - n["c"])),
        lambda n: _least(lambda lamps: lamps * n["p"] - lamps * n["c"] - n["f"] >= n["g"]),
    ),
    Template(
        "pay_in_stages",
        5,
        _stages,
        lambda n: (
            f"An agent gets {n['b']} dollars, plus {n['p']} percent of the part of her sales above {n['s']} dollars and up "
            f"to {n['t']} dollars, plus {n['q']} percent of the part above {n['t']} dollars. Her sales are {n['x']} dollars. How "
            "many dollars does she get in all?"
        ),
        lambda n: n["b"] + Fraction(n["p"] * (n["t"] - n["s"]) + n["q"] * (n["x"] - n["t"]), 100),
        _pay,
    ),
    Template(
        "heirs",
        5,
        _drawn("x", k=(2, 5), d=(2, 6), c=(10, 900)),
        lambda n: (
            f"{n['x']} coins lie in a chest. {n['k']} heirs come one after the other; each takes 1/{n['d']} of the "
            f"coins that are there then, and {n['c']} coins more. How many coins does "
            "the chest hold at the end by this calculation, even if it gives parts of coins or a debt?"
        ),
        _heirs_at_once,
        _heirs_forwards,
    ),
    Template(
        "paying_off",
        5,
        _drawn("x", "y", p=(1, 9), m=(2, 4)),
        lambda n: (
            f"A debt is {n['x']} dollars. Each month {n['p']} percent of what is owed is added first, and then {n['y']} "
            f"dollars are paid. How many dollars are owed after {n['m']} months, not rounded? (A negative number means that too "
            "much was paid; the same rules go on then.)"
        ),
        _debt_at_once,
        _debt,
    ),
)


TEMPLATES = {template.name: template for template in _ALL}
