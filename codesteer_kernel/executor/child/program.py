"""Run one program as a script: fresh ``__main__``, exit code, display, exports, and how it ended.

The process that does it is made elsewhere: forked by the supervisor (:mod:`worker`), or started for the one program
(:mod:`alone`). What is more than text goes back through the report channel, as frames of a 4-byte length and a JSON
document: ``tier``, ``display``, ``error``, ``exports``.
"""

# The child works with descriptors and with paths that came as text; whatever a program raises is an answer.
# ruff: noqa: BLE001, PTH118, PTH120, PTH123

from __future__ import annotations
import __future__

import ast
import atexit
import builtins
import contextlib
import gc
import inspect
import json
import linecache
import os
import struct
import sys
import threading
import traceback
import types
import warnings
from collections.abc import Callable, Collection, Coroutine
from typing import Any

from . import rich, values
from .capture import clean, shorten

FILENAME = "program.py"
TEXT_KEPT = 16 * 1024
"""Characters of an error's text and traceback that travel."""

_encode, _pack, _write = json.JSONEncoder().encode, struct.Struct("!I").pack, os.write
"""Kept from code that replaces them: a session goes on after it."""


class Report:
    """The write end of the report pipe."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._owner = os.getpid()
        # Threads display too, and a frame must stay whole.
        self._turn = threading.Lock()

    def send(self, frame: str, **content: Any) -> None:
        """Send one frame; a child that the program forked says nothing here, and a closed pipe is no error."""
        if os.getpid() != self._owner:
            return
        document = _encode({"frame": frame, **content}).encode("ascii")
        data = memoryview(_pack(len(document)) + document)
        with self._turn, contextlib.suppress(OSError):
            while data:
                data = data[_write(self._descriptor, data) :]


def settle(work: str) -> None:
    """Work in the program's folder, and have it for a home and for temporary files."""
    os.chdir(work)
    for name in ("IPYTHONDIR", "JUPYTER_PLATFORM_DIRS", "JPY_PARENT_PID", "JPY_INTERRUPT_EVENT"):
        os.environ.pop(name, None)
    # Where Windows has more names for the same, they are in the environment already.
    homes = [name for name in ("USERPROFILE", "APPDATA", "LOCALAPPDATA", "TEMP", "TMP") if name in os.environ]
    os.environ.update(dict.fromkeys(("HOME", "TMPDIR", "PWD", *homes), work))
    os.environ["MPLCONFIGDIR"] = os.path.join(work, ".mpl")
    # A figure that is shown goes to display(), not to a browser.
    os.environ["PLOTLY_RENDERER"] = "plotly_mimetype"


def run(request: dict[str, Any], data: dict[str, Any], report: Report) -> int:
    """Run the program and everything that follows a script's last line; returns the exit code."""
    path = os.path.join(request["work"], FILENAME)
    module = prepare(request["work"], data, report)
    module.__dict__.update(__file__=path, __cached__=None)
    sys.argv = [FILENAME]
    code = 0
    try:
        with open(path, "rb") as file:
            source = file.read()
        rebuild(data, module)
        execute(source, FILENAME, module.__dict__, report)
    except SystemExit as leaving:
        code = exit_code(leaving, report)
    except BaseException as error:
        code = 130 if isinstance(error, KeyboardInterrupt) else 1
        tell(error, report, {FILENAME})
    if code == 0:
        with contextlib.suppress(BaseException):
            show_figures(report)
        if request["export"]:
            report.send("exports", values=export(module.__dict__, request["export"], request["out"]))
    finish()
    return code


def prepare(work: str, data: dict[str, Any], report: Report) -> types.ModuleType:
    """Make this process an interpreter that is about to run code in ``work``; returns the fresh ``__main__``."""
    module = types.ModuleType("__main__")
    module.__dict__.update(__builtins__=builtins, __annotations__={}, **data)
    sys.modules["__main__"] = module
    sys.path.insert(0, work)
    _offer_display(report)
    warnings.resetwarnings()
    warnings.filterwarnings("default", category=DeprecationWarning, module="__main__")
    for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
        warnings.simplefilter("ignore", category, append=True)
    # Showing is what happens to open figures at the end; matplotlib would warn that it cannot.
    warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")
    gc.enable()
    # The supervisor's frames below the program must not shorten its recursion.
    sys.setrecursionlimit(sys.getrecursionlimit() + _depth() + 2)
    return module


def rebuild(data: dict[str, Any], module: types.ModuleType) -> None:
    """Set those of the inputs that came as pickles; this runs code of theirs."""
    for name, value in data.items():
        if isinstance(value, values.Pickled):
            setattr(module, name, value.load())


def finish() -> None:
    """What follows a script's last line: threads are waited for, exit handlers run, streams flushed."""
    with contextlib.suppress(BaseException):
        vars(threading)["_shutdown"]()
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BaseException):
            stream.flush()


def _depth() -> int:
    depth, frame = 0, sys._getframe()
    while frame.f_back is not None:
        depth, frame = depth + 1, frame.f_back
    return depth


def execute(
    source: bytes,
    name: str,
    namespace: dict[str, Any],
    report: Report,
    flags: int = 0,
    awaiting: Callable[[Coroutine[Any, Any, Any]], Any] | None = None,
) -> int:
    """Run source; a value left as its last statement is shown, as a notebook cell would.

    Args:
        source: what stands in the file.
        name: of the file, in tracebacks.
        namespace: where it runs.
        report: where a value is shown.
        flags: the compiler's flags that ``from __future__ import`` has set before.
        awaiting: what runs a coroutine, where ``await`` is allowed outside of functions.

    Returns:
        ``flags`` with those that this source has set.
    """
    text = source.decode("utf-8", "replace")
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    if b"\0" in source:
        # Some versions of Python say this with a ValueError.
        raise SyntaxError("source code cannot contain null bytes")
    tree = compile(source, name, "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
    flags |= sum(
        getattr(__future__, imported.name).compiler_flag
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
        for imported in node.names
    )
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    allowed = flags | (ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if awaiting else 0)
    # One code object for all but the last statement, so that the docstring and future imports keep their meaning.
    codes = [compile(tree, name, "exec", allowed, dont_inherit=True)]
    if last is not None:
        codes.append(compile(ast.Expression(last.value), name, "eval", allowed, dont_inherit=True))

    async def wait_for_all() -> Any:
        for code in codes:
            value = eval(code, namespace)  # noqa: S307 - what a session is for
            if code.co_flags & inspect.CO_COROUTINE:
                value = await value
        return value

    if awaiting is not None and any(code.co_flags & inspect.CO_COROUTINE for code in codes):
        value = awaiting(wait_for_all())
    else:
        for code in codes:
            value = eval(code, namespace)  # noqa: S307 - what a worker is for
    if value is not None:
        _display(value, report, "result")
    return flags


# What is more than text


def _offer_display(report: Report) -> None:
    """``display(...)`` of notebooks works in a program, imported or not."""

    def display(*objects: Any, **options: Any) -> None:
        for item in objects:
            if options.get("raw") and isinstance(item, dict):
                _send_bundle(item, report, "display")
            else:
                _display(item, report, "display")

    vars(builtins)["display"] = display
    for name in ("IPython.display", "IPython.core.display_functions"):
        if name in sys.modules:
            vars(sys.modules[name])["display"] = display


def _display(value: Any, report: Report, kind: str) -> None:
    figure = rich.is_figure(value)
    bundle = rich.bundle_of(value)
    _send_bundle(bundle, report, "figure" if figure or not bundle.keys().isdisjoint(rich.CHARTS) else kind)
    if figure:
        with contextlib.suppress(Exception):
            sys.modules["matplotlib.pyplot"].close(value)


def _send_bundle(bundle: dict[str, Any], report: Report, kind: str) -> None:
    kept, cut = rich.kept(bundle)
    if kept or cut:
        report.send("display", kind=kind, data=kept, cut=cut)


def show_figures(report: Report) -> None:
    """Show every figure that matplotlib holds open."""
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return
    for number in pyplot.get_fignums():
        figure = pyplot.figure(number)
        _send_bundle(rich.bundle_of(figure), report, "figure")


def export(namespace: dict[str, Any], names: list[str], folder: str) -> dict[str, Any]:
    """Write the values of ``names``; says for each what was written, or why not."""
    told: dict[str, Any] = {}
    for place, name in enumerate(names):
        if name not in namespace:
            told[name] = {"missing": True}
            continue
        file = f"{place}"
        try:
            told[name] = {"about": values.encode(namespace[name], os.path.join(folder, file)), "file": file}
        except values.Missing as error:
            told[name] = {"package": str(error)}
        except BaseException as error:
            reason = str(error) if isinstance(error, values.Refused) else f"{type(error).__name__}: {error}"
            told[name] = {"refused": clean(shorten(reason, 500))}
    return told


# How it ended


def exit_code(leaving: SystemExit, report: Report) -> int:
    """The exit code that a process ends with for this; another than 0 is reported as an error."""
    code = leaving.code
    if code is None:
        return 0
    if isinstance(code, int):
        number = code & 0xFF
    else:
        number = 1
        with contextlib.suppress(BaseException):
            print(code, file=sys.stderr)
    if number:
        text = clean(shorten(str(code), TEXT_KEPT))
        report.send("error", name="SystemExit", text=text, traceback=f"SystemExit: {text}\n")
    return number


def tell(error: BaseException, report: Report, ours: Collection[str]) -> None:
    """Write the traceback to stderr as Python does, and report it without frames of other files than ``ours``."""
    with contextlib.suppress(BaseException):
        sys.stdout.flush()
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename not in ours:
        trace = trace.tb_next
    name = type(error).__name__
    try:
        text = str(error)
    except BaseException:
        text = "<the error's text could not be made>"
    try:
        whole = traceback.TracebackException(type(error), error, trace, compact=True)
        _only(whole, ours, keep_libraries=True)
        if sys.excepthook is sys.__excepthook__:
            sys.stderr.write("".join(whole.format()))
            sys.stderr.flush()
        else:
            sys.excepthook(type(error), error, trace)
        _only(whole, ours, keep_libraries=False)
        own = "".join(whole.format())
    except BaseException:
        own = f"{name}: {text}\n"
    report.send("error", name=name, text=clean(shorten(text, TEXT_KEPT)), traceback=clean(shorten(own, TEXT_KEPT)))


def _only(trace: traceback.TracebackException, ours: Collection[str], *, keep_libraries: bool) -> None:
    """Drop the frames of these modules, and unless told otherwise every frame outside ``ours``, in the whole chain."""
    seen: set[int] = set()
    front: list[traceback.TracebackException | None] = [trace]
    while front:
        each = front.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        kept = [
            frame
            for frame in each.stack
            if frame.filename in ours
            or (keep_libraries and os.path.dirname(frame.filename) != os.path.dirname(__file__))
        ]
        each.stack[:] = kept
        front += [each.__cause__, each.__context__]
