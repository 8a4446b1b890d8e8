"""What calls into Python and its libraries mean: whether they work something out, and by which method.

Data only. A path is a dotted name without aliases (``numpy.linalg.solve``); builtins are ``builtins.NAME`` and methods of
values ``.NAME``. The longest matching path decides; what is not listed works something out.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TypeVar

__all__ = [
    "AGGREGATES",
    "CHANGES",
    "COUNTERS",
    "COUNTS",
    "FORGOTTEN",
    "LOOKED_UP",
    "TAKING",
    "TEXTS",
    "Meaning",
    "meaning_of",
    "method_of",
]


class Meaning(Enum):
    """What a call does."""

    WORK = auto()  # makes something new out of its arguments
    SEARCH = auto()  # makes candidates, whatever its arguments
    SHAPE = auto()  # packs, converts or formats
    SHOW = auto()  # shows its arguments
    CHANCE = auto()  # draws at random
    OUTSIDE = auto()  # brings something from outside the program
    QUIT = auto()  # ends the program


_Of = TypeVar("_Of")


def _paths(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _table(groups: dict[Meaning, str]) -> dict[str, Meaning]:
    return {path: meaning for meaning, paths in groups.items() for path in paths.split()}


_MEANINGS = _table(
    {
        Meaning.SHOW: """
            builtins.print builtins.display sys.stdout.write sys.stderr.write pprint.pprint pprint.pp
            IPython.display.display IPython.display.Markdown matplotlib.pyplot logging.info logging.warning rich.print
        """,
        Meaning.QUIT: "builtins.exit builtins.quit sys.exit os._exit",
        Meaning.OUTSIDE: """
            builtins.input builtins.open sys.stdin sys.argv argparse os.environ pathlib.Path requests urllib pandas.read_csv
            pandas.read_excel pandas.read_json pandas.read_parquet numpy.load numpy.loadtxt time.time time.perf_counter
            datetime.datetime.now datetime.datetime.today datetime.date.today
        """,
        Meaning.CHANCE: "random numpy.random secrets uuid",
        Meaning.SEARCH: """
            itertools.product itertools.permutations itertools.combinations itertools.combinations_with_replacement
            more_itertools scipy.optimize scipy.integrate pandas.date_range pandas.bdate_range pandas.period_range
        """,
        Meaning.SHAPE: """
            builtins.str builtins.repr builtins.ascii builtins.format builtins.int builtins.float builtins.bool
            builtins.complex builtins.list builtins.tuple builtins.set builtins.dict builtins.frozenset builtins.bytes
            builtins.bytearray builtins.memoryview builtins.iter builtins.next builtins.enumerate builtins.zip
            builtins.range builtins.round builtins.chr builtins.ord builtins.type builtins.isinstance builtins.issubclass
            builtins.id builtins.hash builtins.getattr builtins.setattr builtins.hasattr builtins.vars builtins.globals
            builtins.locals builtins.super builtins.object builtins.slice builtins.callable builtins.property
            builtins.staticmethod builtins.classmethod builtins.map builtins.filter builtins.Exception
            builtins.ValueError builtins.TypeError builtins.KeyError builtins.RuntimeError builtins.NotImplementedError
            .append .extend .add .update .clear
            .setdefault .get .keys .values .items .copy .strip .lstrip .rstrip .casefold .format .format_map .join .split .rsplit .splitlines .partition .rpartition .encode .decode
            .strftime .ljust .rjust .center .zfill .expandtabs .removeprefix .removesuffix .to_string .to_list .tolist .to_dict
            .to_json .to_markdown .item .flatten .ravel .reshape .astype .head .tail .set_index .reset_index .rename
            .to_csv .to_html .round .write .read .readline .readlines
            .close .flush .hex .isoformat .as_integer_ratio .with_traceback .sleep .send .throw .add_argument .parse_args
            json base64 binascii pickle time sys os io typing dataclasses enum abc copy pprint textwrap tabulate
            warnings logging contextlib types traceback string __future__ IPython rich
            functools.lru_cache functools.cache functools.wraps functools.partial functools.total_ordering
            functools.cached_property functools.singledispatch
            collections.deque collections.defaultdict collections.OrderedDict collections.namedtuple collections.abc
            fractions.Fraction decimal.Decimal decimal.getcontext datetime.date datetime.datetime datetime.time
            datetime.timedelta datetime.timezone calendar.day_name calendar.month_name
            itertools.chain itertools.repeat itertools.islice itertools.tee itertools.count itertools.cycle
            itertools.zip_longest itertools.starmap itertools.takewhile itertools.dropwhile
            asyncio threading multiprocessing concurrent queue signal
            numpy.array numpy.asarray numpy.zeros numpy.ones numpy.full numpy.empty numpy.eye numpy.identity
            numpy.set_printoptions numpy.int64 numpy.float64 numpy.copy
            pandas.DataFrame pandas.Series pandas.Index pandas.Timestamp pandas.set_option polars.DataFrame polars.Series
            sympy.symbols sympy.Symbol sympy.Eq sympy.Integer sympy.Rational sympy.Float sympy.Function sympy.Matrix
            sympy.init_printing sympy.pprint sympy.pi sympy.oo sympy.E sympy.I
            random.seed numpy.random.seed
        """,
        Meaning.WORK: """
            builtins.dict.fromkeys time.strftime time.mktime time.gmtime os.path sys.getsizeof functools.reduce asyncio.gather
            datetime.datetime.strptime datetime.datetime.fromtimestamp datetime.date.fromordinal
        """,
    }
)
# Ranges, whose elements are numbers that the program does not spell out: what they are called in the flow graph, and what
# makes them.
COUNTS = {"counter", "countdown", "endless counter", "progression"}
COUNTERS = {"builtins.range", "itertools.count", "numpy.arange", "numpy.linspace"}

# Methods that change the value they belong to, and functions that change their first argument.
CHANGES = _paths(
    """
    .append .extend .insert .add .update .remove .discard .clear .pop .popleft .popitem .appendleft .extendleft
    .sort .reverse .rotate .setdefault .subtract .push .write .fill .put .addVariable .addVariables .addConstraint
    .Add .Minimize .Maximize .Solve .solve .check .add_edge .add_node .add_clause .append_formula .drop .insert_row
    .itemset .resize heapq.heapify heapq.heappush heapq.heappop heapq.heapreplace heapq.heappushpop random.shuffle
    bisect.insort bisect.insort_left bisect.insort_right numpy.fill_diagonal numpy.put numpy.random.shuffle
    """
)

# Calls that give strings.
TEXTS = _paths(
    """
    builtins.str builtins.repr builtins.ascii builtins.format builtins.chr builtins.input json.dumps .join .format
    .lower .upper .strip .lstrip .rstrip .title .capitalize .swapcase .casefold .replace .zfill .ljust .rjust
    .center .strftime .to_string .isoformat .decode .expandtabs .removeprefix .removesuffix .translate
    """
)
# Calls that make one value of many.
AGGREGATES = _paths(
    """
    builtins.sum builtins.max builtins.min builtins.sorted builtins.any builtins.all builtins.len
    collections.Counter functools.reduce .sort .count .sum .max .min .mean .groupby .value_counts .most_common
    """
)

# The method that a module stands for, by the first matching path.
_METHODS = {
    "constraint solver": """
        z3 ortools pulp cvxpy cvxopt pysat pycosat pycryptosat pysmt constraint cpmpy mip pyomo pyscipopt clingo minizinc
        gurobipy docplex cplex highspy picos scipy.optimize.milp scipy.optimize.linprog
        scipy.optimize.linear_sum_assignment
    """,
    "symbolic algebra": "sympy",
    "search": """
        itertools.product itertools.permutations itertools.combinations itertools.combinations_with_replacement
        heapq networkx
    """,
    "data frames": "pandas polars pyarrow duckdb",
    "numeric": "numpy scipy math cmath statistics fractions decimal numbers mpmath",
    "dates": "datetime calendar dateutil zoneinfo pytz time.strftime time.mktime",
    "simulation": "random numpy.random secrets",
    "text": "re string difflib .count .replace .find .rfind .translate .index .startswith .endswith",
}
_METHOD_BY_PATH = {path: method for method, paths in _METHODS.items() for path in paths.split()}


# What reads the entry of a key or a place.
LOOKED_UP = {"index", ".get"}
# What takes the next one out of those that are waiting.
TAKING = {".popleft", ".pop", "heapq.heappop"}
# Names of libraries that programs use and forget to import.
FORGOTTEN = {
    **{
        name: f"itertools.{name}"
        for name in ("permutations", "combinations", "product", "combinations_with_replacement")
    },
    **{name: f"math.{name}" for name in ("sqrt", "factorial", "gcd", "comb", "perm", "ceil", "floor")},
    **{name: f"collections.{name}" for name in ("Counter", "defaultdict", "deque")},
    **{name: name for name in ("itertools", "math", "collections", "re", "random", "functools", "statistics", "heapq")},
    "timedelta": "datetime.timedelta",
    "np": "numpy",
    "pd": "pandas",
    "reduce": "functools.reduce",
    "Fraction": "fractions.Fraction",
}


def meaning_of(path: str) -> Meaning:
    """What a call of ``path`` does; what is not known works something out."""
    return _longest(path, _MEANINGS) or Meaning.WORK


def method_of(path: str) -> str | None:
    """The method that ``path`` belongs to, if it belongs to one."""
    return _longest(path, _METHOD_BY_PATH)


def _longest(path: str, table: dict[str, _Of]) -> _Of | None:
    while path:
        if path in table:
            return table[path]
        path = path.rpartition(".")[0]
    return None
