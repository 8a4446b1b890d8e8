"""Problems of school geometry: lengths, areas, volumes, angles, points; sizes are the largest length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import gcd
from random import Random

from codesteer_kernel.symbench.exact import PI, Exact, exact, root
from codesteer_kernel.symbench.templates.template import Numbers, Template

__all__ = ["TEMPLATES"]

_Number = Fraction | int | Exact
_Point = tuple[_Number, _Number]
_half = Fraction(1, 2)
_SINES = {60: root(3) * _half, 90: exact(1), 120: root(3) * _half}
_COSINES = {60: _half, 90: Fraction(0), 120: -_half}


# ------------------------------------------------------------------------------------------------- tools of coordinates


def _shoelace(points: Sequence[_Point]) -> Exact:
    """The area of a polygon from its corners, counter-clockwise."""
    total = exact(0)
    for (x, y), (right, up) in zip(points, [*points[1:], points[0]], strict=True):
        total = total + exact(x) * up - exact(right) * y
    return total * _half


def _length(from_point: tuple[Fraction | int, ...], to_point: tuple[Fraction | int, ...]) -> Exact:
    """The distance of two points with rational coordinates, in the plane or in space."""
    return root(sum((Fraction(b) - a) ** 2 for a, b in zip(from_point, to_point, strict=True)))


def _prismoid(height: int, section: Callable[[Fraction], _Number]) -> Exact:
    """The volume of a solid from its sections: exact where their area is at most cubic in the height."""
    ends = exact(section(Fraction(0))) + section(Fraction(height))
    return (ends + exact(section(Fraction(height, 2))) * 4) * Fraction(height, 6)


def _apex(n: Numbers) -> tuple[Fraction, Fraction]:
    """Triangle with sides a = BC, b = CA, c = AB on the x axis from A: the x of C, and the square of its y."""
    a, b, c = n["a"], n["b"], n["c"]
    x = Fraction(b * b + c * c - a * a, 2 * c)
    return x, b * b - x * x


def _sixteen(n: Numbers) -> int:
    """Sixteen times the squared area of a triangle with sides a, b, c."""
    a, b, c = n["a"], n["b"], n["c"]
    return (a + b + c) * (-a + b + c) * (a - b + c) * (a + b - c)


# ------------------------------------------------------------------------------------------------------ tools of chance


def _lengths(*names: str, low: int = 2) -> Callable[[Random, int], Numbers]:
    """Lengths from ``low`` to the size."""
    return lambda rng, size: {name: rng.randint(low, max(low + 3, size)) for name in names}


def _long(name: str) -> Callable[[Random, int], Numbers]:
    """One length alone: from a wider range, so that problems differ."""
    return lambda rng, size: {name: rng.randint(2, 500 * size)}


def _rising(*names: str) -> Callable[[Random, int], Numbers]:
    """Different lengths, each longer than the one before."""
    return lambda rng, size: dict(
        zip(names, sorted(rng.sample(range(2, max(size, len(names) + 6)), len(names))), strict=True)
    )


def _triangle(rng: Random, size: int) -> Numbers:
    """Three whole sides of a triangle that is not flat, no two equal."""
    while True:
        a, b, c = rng.sample(range(3, min(max(size, 12), 300)), 3)
        if a + b > c and b + c > a and a + c > b:
            return {"a": a, "b": b, "c": c}


def _corners(rng: Random, size: int) -> Numbers:
    """Three points that are not on a line, counter-clockwise."""
    most = max(size // 2, 6)
    while True:
        x, y, u, v, p, q = (rng.randint(-most, most) for _ in range(6))
        twice = (u - x) * (q - y) - (p - x) * (v - y)
        if twice:
            a, b = ((u, v), (p, q)) if twice > 0 else ((p, q), (u, v))
            return {"x": x, "y": y, "u": a[0], "v": a[1], "p": b[0], "q": b[1]}


def _lattice(rng: Random, size: int) -> Numbers:
    return _corners(rng, min(size, 60))


def _isosceles(rng: Random, size: int) -> Numbers:
    s = rng.randint(4, max(size, 8))
    return {"s": s, "b": rng.randint(2, 2 * s - 1)}


def _trapezoid(rng: Random, size: int) -> Numbers:
    a = rng.randint(4, max(size, 8))
    b = rng.randint(1, a - 1)
    return {"a": a, "b": b, "c": rng.randint((a - b) // 2 + 1, (a - b) // 2 + max(size, 5))}


def _sector(rng: Random, size: int) -> Numbers:
    return {"r": rng.randint(2, max(size, 6)), "d": rng.choice([d for d in range(5, 356, 5) if d % 90])}


def _segment(rng: Random, size: int) -> Numbers:
    return {"r": rng.randint(2, max(10 * size, 6)), "d": rng.choice((60, 90, 120))}


def _mirrored(rng: Random, size: int) -> Numbers:
    most = max(size // 2, 6)
    while True:
        n = {name: rng.randint(-most, most) for name in ("x", "y", "k")} | {"m": rng.choice((-3, -2, -1, 1, 2, 3))}
        if n["y"] != n["m"] * n["x"] + n["k"]:
            return n


def _turned(rng: Random, size: int) -> Numbers:
    most = max(size, 6)
    return {name: rng.randint(-most, most) for name in ("x", "y", "a", "b")}


def _dilated(rng: Random, size: int) -> Numbers:
    most = max(size, 6)
    side = 2 * rng.randint(1, most // 3)
    x, y = (rng.choice((-1, 1)) * rng.randint(1, most) for _ in range(2))
    return {"x": x, "y": y, "s": side, "k": rng.randint(2, 5)}


def _pyramid(rng: Random, size: int) -> Numbers:
    k = rng.randint(2, 5)
    height = k * rng.randint(2, max(size // 2, 3))
    return {"a": k * rng.randint(2, max(size // 2, 4)), "h": height, "k": k, "j": rng.randint(1, k - 1)}


def _bowl(rng: Random, size: int) -> Numbers:
    k = rng.randint(2, 9)
    return {"r": rng.randint(2, max(20 * size, 9)), "k": k, "n": k**3}


def _shadow(rng: Random, size: int) -> Numbers:
    return {
        "h": rng.randint(2, max(size, 9)),
        "s": rng.randint(2, max(size, 9)),
        "t": rng.randint(10, 10 * max(size, 9)),
    }


def _angles(rng: Random, size: int) -> Numbers:
    b = rng.randint(10, 80)
    return {"b": b, "c": rng.randint(10, 89)}


def _apex_angle(rng: Random, size: int) -> Numbers:
    return {"d": rng.randint(500, 17_000)}


def _polygon(rng: Random, size: int) -> Numbers:
    return {"n": rng.randint(5, 100 * size)}


def _secants(rng: Random, size: int) -> Numbers:
    while True:
        a, ab, c = (rng.randint(2, max(size, 9)) for _ in range(3))
        if c * c < a * (a + ab):
            return {"a": a, "b": ab, "c": c}


def _percent(rng: Random, size: int) -> Numbers:
    return {"p": rng.randint(10, 100 * size)}


def _clock(rng: Random, size: int) -> Numbers:
    return {"h": rng.randint(1, 12), "m": rng.randint(0, 59), "s": rng.randint(1, 59)}


def _ladder(rng: Random, size: int) -> Numbers:
    length = rng.randint(6, max(size, 12))
    foot = rng.randint(1, length - 3)
    return {"l": length, "a": foot, "d": rng.randint(1, length - foot - 1)}


# -------------------------------------------------------------------------------------------------------- other methods


def _foot_length(n: Numbers) -> Exact:
    """The right angle at the origin; its foot on the line through the legs' ends."""
    a, b = n["a"], n["b"]
    t = Fraction(a * a, a * a + b * b)
    return _length((0, 0), (a - t * a, t * b))


def _regular_hexagon(side: int) -> list[_Point]:
    up = root(3) * Fraction(side, 2)
    half = Fraction(side, 2)
    return [(side, 0), (half, up), (-half, up), (-side, 0), (-half, -up), (half, -up)]


def _inner_points(n: Numbers) -> int:
    """Counted point by point."""
    corners = [(n["x"], n["y"]), (n["u"], n["v"]), (n["p"], n["q"])]
    edges = list(zip(corners, [*corners[1:], corners[0]], strict=True))
    count = 0
    for x in range(min(x for x, _ in corners), max(x for x, _ in corners) + 1):
        for y in range(min(y for _, y in corners), max(y for _, y in corners) + 1):
            count += all((u - a) * (y - b) - (x - a) * (v - b) > 0 for (a, b), (u, v) in edges)
    return count


def _edge_points(n: Numbers) -> int:
    corners = [(n["x"], n["y"]), (n["u"], n["v"]), (n["p"], n["q"])]
    return sum(gcd(u - x, v - y) for (x, y), (u, v) in zip(corners, [*corners[1:], corners[0]], strict=True))


def _twice_area(n: Numbers) -> int:
    return (n["u"] - n["x"]) * (n["q"] - n["y"]) - (n["p"] - n["x"]) * (n["v"] - n["y"])


def _heron_of_points(n: Numbers) -> Exact:
    p = [(n["x"], n["y"]), (n["u"], n["v"]), (n["p"], n["q"])]
    a, b, c = ((p[i][0] - p[j][0]) ** 2 + (p[i][1] - p[j][1]) ** 2 for i, j in ((0, 1), (1, 2), (2, 0)))
    return root(4 * a * b - (a + b - c) ** 2) * Fraction(1, 4)


def _mirror_by_formula(n: Numbers) -> tuple[Fraction, Fraction]:
    off = Fraction(n["m"] * n["x"] - n["y"] + n["k"], n["m"] ** 2 + 1)
    return n["x"] - 2 * n["m"] * off, n["y"] + 2 * off


def _mirror_by_equations(n: Numbers) -> tuple[Fraction, Fraction]:
    """The midpoint is on the line, the segment is perpendicular to it: two equations in the image."""
    x, y, m, k = n["x"], n["y"], n["m"], n["k"]
    # m * u - v = y - m * x - 2 k   and   u + m * v = x + m * y
    right, below = y - m * x - 2 * k, x + m * y
    determinant = m * m + 1
    return Fraction(right * m + below, determinant), Fraction(m * below - right, determinant)


def _turn_by_complex(n: Numbers) -> tuple[int, int]:
    x, y = n["x"] - n["a"], n["y"] - n["b"]
    # (x + iy) * i, then mirrored at the x axis
    return n["a"] - y, -(n["b"] + x)


def _far_corner(n: Numbers) -> tuple[int, int]:
    half = n["s"] // 2
    corners = [(n["k"] * (n["x"] + dx), n["k"] * (n["y"] + dy)) for dx in (-half, half) for dy in (-half, half)]
    return max(corners, key=lambda corner: corner[0] ** 2 + corner[1] ** 2)


def _far_by_sign(n: Numbers) -> tuple[int, int]:
    half = n["s"] // 2
    return tuple(n["k"] * (n[name] + (half if n[name] > 0 else -half)) for name in ("x", "y"))  # type: ignore[return-value]


def _mold(n: Numbers) -> Fraction:
    """The number of molds is a cube; its root by trying."""
    times = next(k for k in range(1, 100) if k**3 == n["n"])
    return Fraction(n["r"], times)


def _clock_angle(n: Numbers) -> Fraction:
    minutes = n["m"] + Fraction(n["s"], 60)
    apart = abs(30 * n["h"] - minutes * 11 / 2) % 360
    return min(apart, 360 - apart)


def _clock_replayed(n: Numbers) -> Fraction:
    """Second by second from twelve o'clock: the hour hand moves by 1, the minute hand by 12 of 43,200 marks."""
    hour = minute = 0
    for _ in range(3600 * (n["h"] % 12) + 60 * n["m"] + n["s"]):
        hour, minute = (hour + 1) % 43200, (minute + 12) % 43200
    apart = abs(hour - minute)
    return Fraction(min(apart, 43200 - apart), 120)


def _sides_by_trying(n: Numbers) -> int:
    """The polygon whose interior angles have this sum."""
    total, sides = 180 * (n["n"] - 2), 3
    while 180 * (sides - 2) < total:
        sides += 1
    return sides


def _unfolded(n: Numbers) -> Exact:
    a, b, c = n["a"], n["b"], n["c"]
    return root(min((a + b) ** 2 + c * c, (b + c) ** 2 + a * a, (a + c) ** 2 + b * b))


def _short_way(n: Numbers) -> Exact:
    a, b, c = sorted((n["a"], n["b"], n["c"]))
    return root((a + b) ** 2 + c * c)


def _power_of_point(n: Numbers) -> Fraction:
    """With the first chord as a diameter on the x axis, P at the origin."""
    radius = Fraction(n["b"], 2)
    centre = n["a"] + radius
    return (centre * centre - radius * radius) / n["c"] - n["c"]


def _bisector_by_vectors(n: Numbers) -> Fraction:
    x, _ = _apex(n)
    a, b, c = n["a"], n["b"], n["c"]
    along = Fraction(a * b, a + b)
    return x + along * (-x / b + (c - x) / a)


def _median_by_coordinates(n: Numbers) -> Exact:
    x, squared = _apex(n)
    # The middle of BC: half the way from B = (c, 0) to C = (x, y).
    return root(((x + n["c"]) / 2) ** 2 + squared / 4)


def _inradius_by_coordinates(n: Numbers) -> Exact:
    _, squared = _apex(n)
    return root(squared) * Fraction(n["c"], n["a"] + n["b"] + n["c"])


def _circumradius_squared(n: Numbers) -> Fraction:
    """The centre over the middle of AB, as far from C as from A."""
    x, squared = _apex(n)
    up_squared = (x * x + squared - n["c"] * x) ** 2 / (4 * squared)
    return Fraction(n["c"] ** 2, 4) + up_squared


def _area_by_coordinates(n: Numbers) -> Exact:
    x, squared = _apex(n)
    return _shoelace([(0, 0), (n["c"], 0), (x, root(squared))])


def _trapezoid_points(n: Numbers) -> list[_Point]:
    over = Fraction(n["a"] - n["b"], 2)
    up = root(n["c"] ** 2 - over * over)
    return [(0, 0), (n["a"], 0), (n["a"] - over, up), (over, up)]


def _inscribed(n: Numbers) -> Fraction:
    """The corner (t, t) lies on x / a + y / b = 1."""
    return 1 / (Fraction(1, n["a"]) + Fraction(1, n["b"]))


def _ring_from_radii(n: Numbers) -> Exact:
    """For an inner radius of 7, as the answer does not depend on it."""
    return PI * (49 + Fraction(n["c"] ** 2, 4)) - PI * 49


def _frustum(n: Numbers) -> Fraction:
    whole = Fraction(n["a"] ** 2 * n["h"], 3)
    return whole * (1 - Fraction(n["k"] - n["j"], n["k"]) ** 3)


def _tetrahedron(n: Numbers) -> Exact:
    """Four corners of a cube; the volume by a determinant."""
    k = root(Fraction(n["a"] ** 2, 2))
    rows = [(k, k, exact(0)), (k, exact(0), k), (exact(0), k, k)]
    (a, b, c), (d, e, f), (g, h, i) = rows
    value = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return value * Fraction(-1, 6)


def _area_by_medians(n: Numbers) -> Exact:
    """Heron's formula over the squares of the three medians."""
    a, b, c = (n[name] ** 2 for name in "abc")
    x, y, z = (Fraction(2 * p + 2 * q - r, 4) for p, q, r in ((b, c, a), (c, a, b), (a, b, c)))
    return root(4 * x * y - (x + y - z) ** 2) * Fraction(1, 4)


_ALL = (
    Template(
        "frame",
        1,
        _lengths("a", "b", "w"),
        lambda n: (
            f"A rectangle of {n['a']} cm by {n['b']} cm is surrounded on all four sides by a frame that is {n['w']} cm wide "
            "and has square corners. What is the area of the frame in square centimetres?"
        ),
        lambda n: (n["a"] + 2 * n["w"]) * (n["b"] + 2 * n["w"]) - n["a"] * n["b"],
        lambda n: 2 * n["w"] * n["a"] + 2 * n["w"] * n["b"] + 4 * n["w"] ** 2,
    ),
    Template(
        "equilateral_area",
        1,
        _long("p"),
        lambda n: (
            f"The perimeter of an equilateral triangle is {3 * n['p']} cm. What is its area in square centimetres?"
        ),
        lambda n: root(3) * Fraction(n["p"] ** 2, 4),
        lambda n: _shoelace([(0, 0), (n["p"], 0), (Fraction(n["p"], 2), root(3) * Fraction(n["p"], 2))]),
    ),
    Template(
        "sector_area",
        1,
        _sector,
        lambda n: (
            f"A sector of a circle with radius {n['r']} cm has a central angle of {n['d']} degrees. What is the area of "
            "the sector in square centimetres?"
        ),
        lambda n: PI * Fraction(n["r"] ** 2 * n["d"], 360),
        lambda n: PI * Fraction(n["d"], 180) * n["r"] * Fraction(n["r"], 2),
    ),
    Template(
        "triangle_of_points",
        1,
        _corners,
        lambda n: (
            f"A triangle has the corners ({n['x']}, {n['y']}), ({n['u']}, {n['v']}) and ({n['p']}, {n['q']}) in the "
            "coordinate plane. What is its area?"
        ),
        lambda n: Fraction(_twice_area(n), 2),
        _heron_of_points,
    ),
    Template(
        "angle_sum",
        1,
        _polygon,
        lambda n: (
            f"The interior angles of a convex polygon add up to {180 * (n['n'] - 2)} degrees. How many sides does the "
            "polygon have?"
        ),
        lambda n: n["n"],
        _sides_by_trying,
    ),
    Template(
        "inscribed_square",
        2,
        _lengths("a", "b"),
        lambda n: (
            f"A right triangle has legs of {n['a']} cm and {n['b']} cm. A square lies inside it so that one corner of the "
            "square is the right angle and the opposite corner is on the hypotenuse. How long is a side of the square in "
            "centimetres?"
        ),
        lambda n: Fraction(n["a"] * n["b"], n["a"] + n["b"]),
        _inscribed,
    ),
    Template(
        "altitude_to_hypotenuse",
        2,
        _lengths("a", "b"),
        lambda n: (
            f"A right triangle has legs of {n['a']} cm and {n['b']} cm. How long, in centimetres, is the altitude from the "
            "right angle to the hypotenuse?"
        ),
        lambda n: exact(n["a"] * n["b"]) / root(n["a"] ** 2 + n["b"] ** 2),
        _foot_length,
    ),
    Template(
        "isosceles_height",
        2,
        _isosceles,
        lambda n: (
            f"In triangle ABC, AB = AC = {n['s']} and BC = {n['b']}. How long is the median from A to the side BC?"
        ),
        lambda n: root(n["s"] ** 2 - Fraction(n["b"] ** 2, 4)),
        lambda n: root(_sixteen({"a": n["b"], "b": n["s"], "c": n["s"]})) * Fraction(1, 2 * n["b"]),
    ),
    Template(
        "rhombus_perimeter",
        2,
        _lengths("d", "e"),
        lambda n: (
            f"The diagonals of a rhombus measure {n['d']} cm and {n['e']} cm. What is the perimeter of the rhombus in "
            "centimetres?"
        ),
        lambda n: root(n["d"] ** 2 + n["e"] ** 2) * 2,
        lambda n: _length((Fraction(n["d"], 2), 0), (0, Fraction(n["e"], 2))) * 4,
    ),
    Template(
        "corner_quarters",
        2,
        _long("s"),
        lambda n: (
            f"Around each corner of a square with side {2 * n['s']} cm a quarter circle of radius {n['s']} cm is cut out "
            "of the square. What is the area that is left, in square centimetres?"
        ),
        lambda n: exact(4 * n["s"] ** 2) - PI * n["s"] ** 2,
        lambda n: (
            exact((2 * n["s"]) ** 2) - sum((PI * Fraction(n["s"], 2) * Fraction(n["s"], 2) for _ in range(4)), exact(0))
        ),
    ),
    Template(
        "cone_by_turning",
        2,
        _rising("a", "b"),
        lambda n: (
            f"A right triangle with legs of {n['a']} cm and {n['b']} cm is turned around its longer leg and so sweeps out a "
            "cone. What is the volume of the cone in cubic centimetres?"
        ),
        lambda n: PI * Fraction(n["a"] ** 2 * n["b"], 3),
        lambda n: _prismoid(n["b"], lambda z: PI * (n["a"] * (1 - z / n["b"])) ** 2),
    ),
    Template(
        "ball_in_can",
        2,
        _long("r"),
        lambda n: (
            f"A ball with a radius of {n['r']} cm fits exactly into a cylindrical can: it touches the bottom, the lid and "
            "the side all around. What volume of the can is not filled by the ball, in cubic centimetres?"
        ),
        lambda n: PI * Fraction(2 * n["r"] ** 3, 3),
        lambda n: _prismoid(2 * n["r"], lambda z: PI * (n["r"] ** 2 - (n["r"] ** 2 - (z - n["r"]) ** 2))),
    ),
    Template(
        "shadow",
        2,
        _shadow,
        lambda n: (
            f"A pole that is {n['h']} m high casts a shadow of {n['s']} m on level ground. At the same time a tower casts a "
            f"shadow of {n['t']} m. How high is the tower in metres?"
        ),
        lambda n: Fraction(n["h"] * n["t"], n["s"]),
        lambda n: Fraction(n["h"]) + Fraction(n["h"], n["s"]) * (n["t"] - n["s"]),
    ),
    Template(
        "orthocentre_angle",
        2,
        _angles,
        lambda n: (
            f"In triangle ABC, angle ABC is {n['b']} degrees and angle ACB is {n['c']} degrees. What is the smaller angle, in "
            "degrees, between the two straight lines that contain the altitudes from B and from C?"
        ),
        lambda n: min(n["b"] + n["c"], 180 - n["b"] - n["c"]),
        lambda n: min(abs((90 - n["b"]) + (90 - n["c"])), 180 - abs((90 - n["b"]) + (90 - n["c"]))),
    ),
    Template(
        "bisectors_angle",
        2,
        _apex_angle,
        lambda n: (
            f"In triangle ABC the angle at A is {n['d'] / 100:g} degrees. The bisectors of the angles at B and C meet in the point "
            "I inside the triangle. How many degrees has the angle BIC?"
        ),
        lambda n: 90 + Fraction(n["d"], 200),
        lambda n: 180 - Fraction(18_000 - n["d"], 300) / 2 - Fraction(2 * (18_000 - n["d"]), 300) / 2,
    ),
    Template(
        "cube_growth",
        2,
        _percent,
        lambda n: (
            f"Each edge of a cube is made longer by {n['p'] / 10:g} percent. By what percent does the surface area of the cube "
            "grow? Write the number of percent."
        ),
        lambda n: Fraction(n["p"], 5) + Fraction(n["p"] ** 2, 10_000),
        lambda n: Fraction(6 * (1000 + n["p"]) ** 2 - 6 * 1000**2, 6 * 1000**2) * 100,
    ),
    Template(
        "clock_hands",
        2,
        _clock,
        lambda n: (
            f"On a clock whose hands move evenly, without jumps, what is the smaller angle between the hour hand "
            f"and the minute hand at {n['h']}:{n['m']:02d}:{n['s']:02d}, in degrees? Give it exactly."
        ),
        _clock_angle,
        _clock_replayed,
    ),
    Template(
        "turned_and_mirrored",
        2,
        _turned,
        lambda n: (
            f"The point ({n['x']}, {n['y']}) is turned by 90 degrees counter-clockwise around the point "
            f"({n['a']}, {n['b']}). The result is then reflected across the x axis. What are the coordinates of the final point? "
            "Give an ordered pair (x, y)."
        ),
        lambda n: (n["a"] - (n["y"] - n["b"]), -(n["b"] + n["x"] - n["a"])),
        _turn_by_complex,
    ),
    Template(
        "dilated_square",
        2,
        _dilated,
        lambda n: (
            f"A square with horizontal and vertical sides of length {n['s']} has its centre at ({n['x']}, {n['y']}). It is "
            f"enlarged from the origin with the scale factor {n['k']}. Which corner of the image is farthest from the origin? "
            "Give its coordinates as an ordered pair (x, y)."
        ),
        _far_by_sign,
        _far_corner,
    ),
    Template(
        "mirrored_point",
        3,
        _mirrored,
        lambda n: (
            f"The point ({n['x']}, {n['y']}) is reflected across the line y = {n['m']}x + ({n['k']}). What are the "
            "coordinates of its image? Give an ordered pair (x, y)."
        ),
        _mirror_by_formula,
        _mirror_by_equations,
    ),
    Template(
        "circle_segment",
        3,
        _segment,
        lambda n: (
            f"In a circle with radius {n['r']} cm a chord belongs to a central angle of {n['d']} degrees. What is the area, "
            "in square centimetres, of the smaller of the two parts into which the chord cuts the circle?"
        ),
        lambda n: PI * Fraction(n["r"] ** 2 * n["d"], 360) - _SINES[n["d"]] * Fraction(n["r"] ** 2, 2),
        lambda n: (
            PI * Fraction(n["r"] ** 2 * n["d"], 360)
            - _shoelace([(0, 0), (n["r"], 0), (n["r"] * _COSINES[n["d"]], _SINES[n["d"]] * n["r"])])
        ),
    ),
    Template(
        "ring_by_chord",
        3,
        _long("c"),
        lambda n: (
            f"Two circles have the same centre. A chord of the larger circle that touches the smaller one is {n['c']} cm "
            "long. What is the area of the ring between the circles in square centimetres?"
        ),
        lambda n: PI * Fraction(n["c"] ** 2, 4),
        _ring_from_radii,
    ),
    Template(
        "hexagon_without_circle",
        3,
        _long("a"),
        lambda n: (
            f"The largest circle that fits is cut out of a regular hexagon with side {n['a']} cm. What is the area of the "
            "rest in square centimetres?"
        ),
        lambda n: root(3) * Fraction(3 * n["a"] ** 2, 2) - PI * Fraction(3 * n["a"] ** 2, 4),
        lambda n: (
            _shoelace(_regular_hexagon(n["a"])) - PI * (Fraction(3 * n["a"], 4) ** 2 + Fraction(3 * n["a"] ** 2, 16))
        ),
    ),
    Template(
        "inner_lattice_points",
        3,
        _lattice,
        lambda n: (
            f"A triangle has the corners ({n['x']}, {n['y']}), ({n['u']}, {n['v']}) and ({n['p']}, {n['q']}). How many "
            "points with whole coordinates lie strictly inside it (not on its sides)?"
        ),
        lambda n: (_twice_area(n) - _edge_points(n)) // 2 + 1,
        _inner_points,
    ),
    Template(
        "cut_pyramid",
        3,
        _pyramid,
        lambda n: (
            f"A pyramid has a square base with side {n['a']} cm, its tip over the middle of the base, and a height of "
            f"{n['h']} cm. It is cut parallel to the base at a height of {n['h'] * n['j'] // n['k']} cm above the base, and the "
            "upper part is taken away. What is the volume of the part that is left, in cubic centimetres?"
        ),
        _frustum,
        lambda n: _prismoid(n["h"] * n["j"] // n["k"], lambda z: (n["a"] * (1 - z / n["h"])) ** 2),
    ),
    Template(
        "small_molds",
        3,
        _bowl,
        lambda n: (
            f"A bowl in the form of a half ball with an inner radius of {n['r']} cm is full of melted chocolate. All of it "
            f"is poured into {n['n']} equal smaller molds, also half balls, and fills them exactly. What is the inner radius of "
            "a mold in centimetres?"
        ),
        lambda n: Fraction(n["r"], n["k"]),
        _mold,
    ),
    Template(
        "two_secants",
        3,
        _secants,
        lambda n: (
            f"From a point P outside a circle two lines cut the circle: one first in A and then in B, the other first in C "
            f"and then in D. PA = {n['a']}, AB = {n['b']} and PC = {n['c']}. How long is CD?"
        ),
        lambda n: Fraction(n["a"] * (n["a"] + n["b"]), n["c"]) - n["c"],
        _power_of_point,
    ),
    Template(
        "common_tangent",
        3,
        _rising("r", "s"),
        lambda n: (
            f"Two circles with radii {n['r']} cm and {n['s']} cm touch each other from outside. A line touches both circles "
            "in two different points. How far apart are the two points of contact in centimetres?"
        ),
        lambda n: root(n["r"] * n["s"]) * 2,
        lambda n: root((n["r"] + n["s"]) ** 2 - (n["s"] - n["r"]) ** 2),
    ),
    Template(
        "angle_bisector",
        3,
        _triangle,
        lambda n: (
            f"In triangle ABC, BC = {n['a']}, CA = {n['b']} and AB = {n['c']}. The bisector of the angle at C meets AB in "
            "X. How long is AX?"
        ),
        lambda n: Fraction(n["b"] * n["c"], n["a"] + n["b"]),
        _bisector_by_vectors,
    ),
    Template(
        "median",
        3,
        _triangle,
        lambda n: (
            f"In triangle ABC, BC = {n['a']}, CA = {n['b']} and AB = {n['c']}. How long is the median from A to the middle "
            "of BC?"
        ),
        lambda n: root(2 * n["b"] ** 2 + 2 * n["c"] ** 2 - n["a"] ** 2) * _half,
        _median_by_coordinates,
    ),
    Template(
        "trapezoid_area",
        3,
        _trapezoid,
        lambda n: (
            f"A trapezoid has parallel sides of {n['a']} cm and {n['b']} cm; its two other sides are {n['c']} cm long each. "
            "What is its area in square centimetres?"
        ),
        lambda n: root(4 * n["c"] ** 2 - (n["a"] - n["b"]) ** 2) * Fraction(n["a"] + n["b"], 4),
        lambda n: _shoelace(_trapezoid_points(n)),
    ),
    Template(
        "ladder",
        4,
        _ladder,
        lambda n: (
            f"A ladder that is {n['l']} dm long leans against a vertical wall; its foot stands on level ground, {n['a']} dm "
            f"away from the wall. The foot slips away from the wall by {n['d']} dm. By how many decimetres does the top of the "
            "ladder come down?"
        ),
        lambda n: root(n["l"] ** 2 - n["a"] ** 2) - root(n["l"] ** 2 - (n["a"] + n["d"]) ** 2),
        lambda n: (
            root((n["l"] - n["a"]) * (n["l"] + n["a"])) - root((n["l"] - n["a"] - n["d"]) * (n["l"] + n["a"] + n["d"]))
        ),
    ),
    Template(
        "way_over_a_box",
        4,
        _lengths("a", "b", "c"),
        lambda n: (
            f"A beetle sits in a corner of a closed box with edges of {n['a']} cm, {n['b']} cm and {n['c']} cm and walks on "
            "the surface of the box to the opposite corner (the one at the other end of a diagonal through the inside). How long "
            "is its shortest way in centimetres?"
        ),
        _short_way,
        _unfolded,
    ),
    Template(
        "inradius",
        4,
        _triangle,
        lambda n: (
            f"A triangle has sides of {n['a']} cm, {n['b']} cm and {n['c']} cm. What is the radius of its inscribed circle "
            "in centimetres?"
        ),
        lambda n: root(_sixteen(n)) * Fraction(1, 2 * (n["a"] + n["b"] + n["c"])),
        _inradius_by_coordinates,
    ),
    Template(
        "circumradius",
        4,
        _triangle,
        lambda n: (
            f"A triangle has sides of {n['a']} cm, {n['b']} cm and {n['c']} cm. What is the radius of the circle through "
            "its three corners in centimetres?"
        ),
        lambda n: exact(n["a"] * n["b"] * n["c"]) / root(_sixteen(n)),
        lambda n: root(_circumradius_squared(n)),
    ),
    Template(
        "tetrahedron",
        4,
        _long("a"),
        lambda n: f"All edges of a tetrahedron are {n['a']} cm long. What is its volume in cubic centimetres?",
        lambda n: root(2) * Fraction(n["a"] ** 3, 12),
        _tetrahedron,
    ),
    Template(
        "triangle_without_incircle",
        5,
        _triangle,
        lambda n: (
            f"From a triangular sheet with sides of {n['a']} cm, {n['b']} cm and {n['c']} cm the largest possible circle is "
            "cut out. What is the area of the rest in square centimetres?"
        ),
        lambda n: root(_sixteen(n)) * Fraction(1, 4) - PI * Fraction(_sixteen(n), 4 * (n["a"] + n["b"] + n["c"]) ** 2),
        lambda n: _area_by_coordinates(n) - PI * _inradius_by_coordinates(n).power(2),
    ),
    Template(
        "circumcircle_without_triangle",
        5,
        _triangle,
        lambda n: (
            f"A triangle with sides of {n['a']} cm, {n['b']} cm and {n['c']} cm is cut out of the circle that goes through "
            "its three corners. What is the area of the rest of the circle in square centimetres?"
        ),
        lambda n: PI * Fraction((n["a"] * n["b"] * n["c"]) ** 2, _sixteen(n)) - root(_sixteen(n)) * Fraction(1, 4),
        lambda n: PI * _circumradius_squared(n) - _area_by_coordinates(n),
    ),
    Template(
        "medians_triangle",
        5,
        _triangle,
        lambda n: (
            f"A triangle has sides of {n['a']} cm, {n['b']} cm and {n['c']} cm. A second triangle has sides that are as "
            "long as the three medians of the first one. What is the area of the second triangle in square centimetres?"
        ),
        lambda n: root(_sixteen(n)) * Fraction(3, 16),
        _area_by_medians,
    ),
)


TEMPLATES = {template.name: template for template in _ALL}
