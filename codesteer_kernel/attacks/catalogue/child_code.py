"""Our own code, which runs in the program's process: replace it, lie through it, break it for the next program."""

from __future__ import annotations

from codesteer_kernel.attacks.attack import Attack

__all__ = ["ABOUT", "ATTACKS", "FAMILY"]

FAMILY = "our code"
ABOUT = "our code in the program's process: to replace it, to lie through it, to break it for the next program"

_UNIX = ("linux", "darwin")
_NEXT_IS_WHOLE = "import json\njson.loads('1') == 1 and os.getcwd() and len('x') == 1 or won()"


def _break(name: str, program: str) -> Attack:
    """It may break itself; the next program finds everything whole."""
    return Attack(name=name, family=FAMILY, program=program, end="contained", then=_NEXT_IS_WHOLE, systems=_UNIX)


ATTACKS: tuple[Attack, ...] = (
    _break(
        "replace the standard library", "os.write = os.read = os._exit = json.dumps = json.loads = struct.pack = None"
    ),
    _break(
        "replace the built-in functions",
        """
            import builtins
            builtins.len = builtins.isinstance = builtins.open = builtins.print = None
        """,
    ),
    _break(
        "forget all modules",
        """
            sys.modules.clear()
            sys.path.clear()
        """,
    ),
    _break("close all descriptors", "os.closerange(0, 256)"),
    _break("take the standard streams away", "sys.stdout = sys.stderr = sys.stdin = None"),
    _break("crash the interpreter", "ctypes.string_at(0)"),
    _break("leave without cleaning up", "os._exit(0)"),
    _break(
        "overwrite the walls' own code",
        """
            for name, module in list(sys.modules.items()):
                if name.startswith('codesteer_child'):
                    for word in list(vars(module)):
                        if callable(vars(module)[word]): vars(module)[word] = lambda *a, **k: None
        """,
    ),
    _break(
        "write over the memory in which output gathers",
        """
            import gc, mmap
            for held in gc.get_objects():
                if isinstance(held, mmap.mmap):
                    try: held[:200_000] = b'\\xff' * 200_000
                    except (ValueError, TypeError): pass
        """,
    ),
    _break(
        "trace every line of ours",
        """
            sys.settrace(lambda *a: sys.exit(3))
            sys.setprofile(lambda *a: sys.exit(3))
        """,
    ),
    _break(
        "run on when it has ended",
        """
            import threading
            threading.Thread(target=time.sleep, args=(0.3,)).start()
            import atexit
            atexit.register(print, 'late')
        """,
    ),
    Attack(
        name="claim stronger walls than there are",
        family=FAMILY,
        program="""
            frame(frame='tier', limits=['AS'], landlock=99, seccomp=True, enclosure='bubblewrap')
            frame(frame='failure', reason='none')
        """,
        systems=_UNIX,
    ),
    Attack(
        name="claim stronger walls through our own report",
        family=FAMILY,
        program="""
            import gc
            for held in gc.get_objects():
                if type(held).__name__ == 'Report': held.send('tier', limits=['AS'], landlock=99, seccomp=True, enclosure='bubblewrap')
        """,
        systems=_UNIX,
    ),
    Attack(
        name="report what is no report",
        family=FAMILY,
        program="report(b'\\xff' * 1000)",
        then=_NEXT_IS_WHOLE,
        systems=_UNIX,
    ),
    Attack(
        name="report brackets without end",
        family=FAMILY,
        program="report(struct.pack('!I', 200_000) + b'[' * 200_000)",
        then=_NEXT_IS_WHOLE,
        systems=_UNIX,
    ),
    Attack(
        name="report numbers and names that are none",
        family=FAMILY,
        program="""
            frame(frame='error', name=[1], text={'x': 1}, traceback=7)
            frame(frame='display', kind='display', data={'text/plain': 5}, cut='x')
            frame(frame='exports', values=[1, 2])
            frame(frame='done', cell=10 ** 30)
        """,
        then=_NEXT_IS_WHOLE,
        systems=_UNIX,
    ),
    Attack(
        name="show what a page would run",
        family=FAMILY,
        program="""
            display({'application/javascript': 'alert(1)', 'application/vnd.jupyter.widget-view+json': '{}'}, raw=True)
            frame(frame='display', kind='display', data={'application/javascript': 'alert(1)', 'text/x-html': '<script>'})
        """,
        systems=_UNIX,
    ),
)
