"""One program, run as a script in a process forked for it.

The worker starts as a copy of the supervisor. It first stops being one (descriptors, signals, exit handlers, event
loop), then goes behind its own walls, then runs the program as ``python3 program.py`` would: a fresh ``__main__``, real
standard streams, the exit code of a script. What is more than text goes back through the report pipe, as frames of a
4-byte length and a JSON document: ``tier``, ``display``, ``error``, ``exports``.
"""

# The child works with descriptors and with paths that came as text; whatever a program raises is an answer.
# ruff: noqa: BLE001, PTH118, PTH123

from __future__ import annotations

import ast
import asyncio
import atexit
import builtins
import contextlib
import gc
import io
import json
import linecache
import os
import resource
import signal
import struct
import sys
import threading
import traceback
import types
import warnings
from collections.abc import Sequence
from mmap import mmap
from typing import Any, NoReturn

from . import processes, rich, sandbox, seccomp, values
from .capture import clean, shorten
from .journal import JournalWriter

FILENAME = "program.py"
TEXT_KEPT = 16 * 1024
"""Characters of an error's text and traceback that travel."""

_leave = os._exit
"""Kept from programs that replace it: a worker that could not leave would go on as a copy of the supervisor."""


class Report:
    """The write end of the report pipe."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._owner = os.getpid()

    def send(self, frame: str, **content: Any) -> None:
        """Send one frame; a child that the program forked says nothing here, and a closed pipe is no error."""
        if os.getpid() != self._owner:
            return
        document = json.dumps({"frame": frame, **content}).encode("ascii")
        data = memoryview(struct.pack("!I", len(document)) + document)
        with contextlib.suppress(OSError):
            while data:
                data = data[os.write(self._descriptor, data) :]


def main(
    request: dict[str, Any], data: dict[str, Any], journals: Sequence[mmap], stdout: int, stderr: int, report: int
) -> NoReturn:
    """Become the program of ``request``; never returns.

    Args:
        request: what the supervisor was asked, see ``supervisor.Request``.
        data: named inputs, already loaded.
        journals: shared memory for what is printed to stdout and stderr.
        stdout: write end of a pipe.
        stderr: write end of a pipe.
        report: write end of the report pipe.
    """
    code = 1
    try:
        channel = _settle(request, journals, stdout, stderr, report)
        code = _program(request, data, channel)
    except BaseException:
        with contextlib.suppress(BaseException):
            os.write(2, traceback.format_exc().encode("utf-8", "backslashreplace"))
    finally:
        _leave(code)


def _settle(request: dict[str, Any], journals: Sequence[mmap], stdout: int, stderr: int, report: int) -> Report:
    """Leave the supervisor behind and go behind the walls."""
    supervisor = os.getppid()
    os.setsid()
    sandbox.die_with_parent(signal.SIGKILL, supervisor)
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, request["nice"])
    signal.set_wakeup_fd(-1)
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP):
        signal.signal(signum, signal.default_int_handler if signum == signal.SIGINT else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())

    silent = os.open(os.devnull, os.O_RDONLY)
    # Above the standard streams first, so that no copy lands on one that is still needed.
    report = _above(report)
    stdout, stderr, silent = _above(stdout), _above(stderr), _above(silent)
    for source, target in ((silent, 0), (stdout, 1), (stderr, 2)):
        os.dup2(source, target, inheritable=True)
    os.dup2(report, 3, inheritable=False)
    os.closerange(4, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, "r", closefd=False)), encoding="utf-8")
    sys.stdout = _writer(1, journals[0])
    sys.stderr = _writer(2, journals[1])
    vars(sys).update(__stdin__=sys.stdin, __stdout__=sys.stdout, __stderr__=sys.stderr)

    atexit._clear()
    for module, function in (("logging", "shutdown"), ("multiprocessing.util", "_exit_function")):
        if module in sys.modules:
            atexit.register(getattr(sys.modules[module], function))
    pool = sys.modules.get("concurrent.futures.thread")
    if pool is not None:
        pool._threads_queues.clear()
    asyncio._set_running_loop(None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        asyncio.set_event_loop(None)

    work = request["work"]
    os.chdir(work)
    for name in ("IPYTHONDIR", "JUPYTER_PLATFORM_DIRS", "JPY_PARENT_PID", "JPY_INTERRUPT_EVENT"):
        os.environ.pop(name, None)
    os.environ.update(HOME=work, TMPDIR=work, PWD=work, MPLCONFIGDIR=os.path.join(work, ".mpl"))
    # A figure that is shown goes to display(), not to a browser.
    os.environ["PLOTLY_RENDERER"] = "plotly_mimetype"
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")
    limits = request["limits"]
    megabyte = 1024 * 1024
    limited = sandbox.limit(
        {
            "CORE": 0,
            "NOFILE": limits["open_files"],
            "FSIZE": limits["file_mb"] * megabyte,
            "CPU": int(limits["cpu_seconds"]) + 1,
            "NPROC": request["processes_now"] + limits["processes"],
            # A gigabyte above the limit for what is reserved and never used; the watchdog does the fine work.
            "AS": processes.address_space() + (limits["memory_mb"] + 1024) * megabyte,
        }
    )
    abi = 0
    if request["landlock"]:
        abi = sandbox.landlock([*request["read"], *sandbox.PROC_FACTS], [work, request["out"]])
    walls = request["walls"]
    # Where the kernel itself listens on TCP, the program gets a narrower filter of its own.
    if walls["seccomp"] and request["transport"] == "tcp":
        seccomp.install()
    channel = Report(3)
    channel.send("tier", **{**walls, "limits": limited, "landlock": abi})
    return channel


def _above(descriptor: int) -> int:
    import fcntl

    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 64)


def _writer(descriptor: int, journal: mmap) -> io.TextIOWrapper:
    buffer = JournalWriter(io.FileIO(descriptor, "w", closefd=False), journal)
    return io.TextIOWrapper(buffer, encoding="utf-8", errors="backslashreplace", line_buffering=True)


def _program(request: dict[str, Any], data: dict[str, Any], report: Report) -> int:
    """Run the program and everything that follows a script's last line; returns the exit code."""
    path = os.path.join(request["work"], FILENAME)
    module = types.ModuleType("__main__")
    module.__dict__.update(__file__=path, __builtins__=builtins, __cached__=None, __annotations__={}, **data)
    sys.modules["__main__"] = module
    sys.argv = [FILENAME]
    sys.path.insert(0, request["work"])
    _offer_display(report)
    warnings.resetwarnings()
    warnings.filterwarnings("default", category=DeprecationWarning, module="__main__")
    for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
        warnings.simplefilter("ignore", category, append=True)
    # Showing is what happens to open figures at the end; matplotlib would warn that it cannot.
    warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")
    gc.enable()

    code = 0
    try:
        with open(path, "rb") as file:
            source = file.read()
        text = source.decode("utf-8", "replace")
        linecache.cache[FILENAME] = (len(text), None, text.splitlines(keepends=True), FILENAME)
        # The supervisor's frames below the program must not shorten its recursion.
        sys.setrecursionlimit(sys.getrecursionlimit() + _depth() + 2)
        for name, value in data.items():
            if isinstance(value, values.Pickled):
                setattr(module, name, value.load())
        _execute(source, module.__dict__, report)
    except SystemExit as leaving:
        code = _exit_code(leaving, report)
    except BaseException as error:
        code = 130 if isinstance(error, KeyboardInterrupt) else 1
        _tell(error, report)
    if code == 0:
        with contextlib.suppress(BaseException):
            _show_figures(report)
        if request["export"]:
            report.send("exports", values=_export(module.__dict__, request["export"], request["out"]))
    with contextlib.suppress(BaseException):
        vars(threading)["_shutdown"]()
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BaseException):
            stream.flush()
    return code


def _depth() -> int:
    depth, frame = 0, sys._getframe()
    while frame.f_back is not None:
        depth, frame = depth + 1, frame.f_back
    return depth


def _execute(source: bytes, namespace: dict[str, Any], report: Report) -> None:
    """Run the source; a value left as its last statement is shown, as a notebook cell would."""
    if b"\0" in source:
        # Some versions of Python say this with a ValueError.
        raise SyntaxError("source code cannot contain null bytes")
    tree = ast.parse(source, FILENAME)
    last = tree.body[-1] if tree.body else None
    if isinstance(last, ast.Expr):
        tree.body.pop()
    # One code object for all but the last statement, so that the docstring and future imports keep their meaning.
    exec(compile(tree, FILENAME, "exec", dont_inherit=True), namespace)  # noqa: S102 - what a worker is for
    if not isinstance(last, ast.Expr):
        return
    flags = sum(
        getattr(__import__("__future__"), name.name).compiler_flag
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
        for name in node.names
    )
    value = eval(compile(ast.Expression(last.value), FILENAME, "eval", flags, dont_inherit=True), namespace)  # noqa: S307 - the program again
    if value is not None:
        _display(value, report, "result")


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


def _show_figures(report: Report) -> None:
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return
    for number in pyplot.get_fignums():
        figure = pyplot.figure(number)
        _send_bundle(rich.bundle_of(figure), report, "figure")


def _export(namespace: dict[str, Any], names: list[str], folder: str) -> dict[str, Any]:
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


def _exit_code(leaving: SystemExit, report: Report) -> int:
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


def _tell(error: BaseException, report: Report) -> None:
    """Write the traceback to stderr as Python does, and report it without frames that are not the program's."""
    with contextlib.suppress(BaseException):
        sys.stdout.flush()
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != FILENAME:
        trace = trace.tb_next
    name = type(error).__name__
    try:
        text = str(error)
    except BaseException:
        text = "<the error's text could not be made>"
    try:
        whole = traceback.TracebackException(type(error), error, trace, compact=True)
        _only_ours(whole, keep_libraries=True)
        if sys.excepthook is sys.__excepthook__:
            sys.stderr.write("".join(whole.format()))
            sys.stderr.flush()
        else:
            sys.excepthook(type(error), error, trace)
        _only_ours(whole, keep_libraries=False)
        own = "".join(whole.format())
    except BaseException:
        own = f"{name}: {text}\n"
    report.send("error", name=name, text=clean(shorten(text, TEXT_KEPT)), traceback=clean(shorten(own, TEXT_KEPT)))


def _only_ours(trace: traceback.TracebackException, *, keep_libraries: bool) -> None:
    """Drop this module's frames, and unless told otherwise every frame outside the program, in the whole chain."""
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
            if frame.filename == FILENAME or (keep_libraries and frame.filename != __file__)
        ]
        each.stack[:] = kept
        front += [each.__cause__, each.__context__]
