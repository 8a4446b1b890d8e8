"""Programs that take without end; each is bounded by itself, a little above what it is allowed.

What they are allowed is in :data:`.striking.LIMITS`: 256 MB of memory, files of 4 MB and 8 MB in all, 24 processes, 128
descriptors. A bomb wins when it gets past that.
"""

from __future__ import annotations

from codesteer_kernel.attacks.attack import EVERYWHERE, Attack

__all__ = ["ABOUT", "ATTACKS", "FAMILY"]

FAMILY = "bombs"
ABOUT = "memory, processor, processes, disk, descriptors and attention, without end"

_ENDLESS_S = 0.7
_LONG_S = 90.0
"""Longer than a bomb waits to be found out: it is another limit than that of time that has to end it."""


def _bomb(
    name: str, program: str, *, walls: tuple[str, ...] = EVERYWHERE, systems: tuple[str, ...] = ("linux", "darwin")
) -> Attack:
    return Attack(
        name=name, family=FAMILY, program=program, end="contained", walls=walls, seconds=_LONG_S, systems=systems
    )


def _crowd(name: str, program: str) -> Attack:
    # The system counts all processes of a user: what is tried beside it could not start any.
    return Attack(name=name, family=FAMILY, program=program, end="contained", alone=True, systems=("linux", "darwin"))


def _endless(name: str, program: str, *, systems: tuple[str, ...] = ("linux", "darwin")) -> Attack:
    return Attack(name=name, family=FAMILY, program=program, end="contained", seconds=_ENDLESS_S, systems=systems)


_ALL = ("linux", "darwin", "win32")

ATTACKS: tuple[Attack, ...] = (
    _bomb(
        "memory at once",
        """
            x = bytearray(3 * 10 ** 9)
            won()
        """,
        systems=_ALL,
    ),
    _bomb(
        "memory step by step",
        """
            x = []
            for _ in range(60): x.append(b'x' * 10_000_000); time.sleep(0.02)
            won()
        """,
        systems=_ALL,
    ),
    _bomb(
        "memory of children",
        """
            for _ in range(6):
                if os.fork() == 0:
                    x = b'x' * 80_000_000
                    time.sleep(40)
                    os._exit(0)
            time.sleep(40)
            won()
        """,
    ),
    _bomb(
        "memory that is mapped and shared",
        """
            import mmap
            x = []
            for _ in range(60): m = mmap.mmap(-1, 10_000_000); m.write(b'x' * 10_000_000); x.append(m); time.sleep(0.02)
            won()
        """,
    ),
    _bomb(
        "memory in files without names",
        """
            for n in range(12): os.write(os.memfd_create('x'), b'x' * 2_000_000)
            time.sleep(40)
            won()
        """,
        systems=("linux",),
    ),
    _bomb(
        "memory in shared files",
        """
            for n in range(6): open(f'{bait.left}{n}', 'wb').write(b'x' * 3_000_000)
            time.sleep(1.5)
            won()
        """,
        walls=("namespaces", "bubblewrap"),
        systems=("linux",),
    ),
    _bomb(
        "a zip file that unfolds",
        """
            import zlib
            small = zlib.compress(bytes(10 ** 8), 9)
            x = [zlib.decompress(small) for _ in range(20)]
            won()
        """,
        systems=_ALL,
    ),
    _bomb(
        "a number that grows",
        """
            x = 1 << 30_000_000_000
            won()
        """,
        systems=_ALL,
    ),
    _crowd(
        "processes that only start",
        """
            n = 0
            for _ in range(60):
                if os.fork() == 0: time.sleep(20); os._exit(0)
                n += 1
            time.sleep(10)
            n > 24 and won()
        """,
    ),
    _crowd(
        "processes that start processes",
        """
            first = os.getpid()
            ours, theirs = os.pipe()
            for _ in range(6): os.fork()
            os.write(theirs, b'x')
            time.sleep(10)
            if os.getpid() == first and len(os.read(ours, 100)) > 24: won()
        """,
    ),
    _crowd(
        "programs that start programs",
        """
            x = [subprocess.Popen(['sleep', '20']) for _ in range(60)]
            time.sleep(10)
            won()
        """,
    ),
    _crowd(
        "processes whose parents are gone",
        """
            n = 0
            for _ in range(60):
                if os.fork() == 0:
                    if os.fork() == 0: time.sleep(20)
                    os._exit(0)
                n += os.wait()[1] == 0
            time.sleep(10)
            n > 24 and won()
        """,
    ),
    _bomb(
        "one large file",
        """
            f = open('f', 'wb')
            for _ in range(10): f.write(bytes(10 ** 6)); f.flush()
            won()
        """,
    ),
    _bomb(
        "one file with a hole",
        """
            open('f', 'wb').truncate(10 ** 12)
            won()
        """,
    ),
    _bomb(
        "many files",
        """
            for n in range(20): open(f'f{n}', 'wb').write(b'x' * 1_000_000)
            time.sleep(40)
            won()
        """,
    ),
    _bomb(
        "files that are removed and stay open",
        """
            x = []
            for n in range(20):
                f = open('f', 'wb')
                f.write(b'x' * 1_000_000)
                f.flush()
                os.unlink('f')
                x.append(f)
            time.sleep(40)
            won()
        """,
        systems=("linux",),
    ),
    _bomb(
        "empty files without end",
        """
            for n in range(4000): open(f'f{n}', 'w').close()
            time.sleep(40)
            won()
        """,
    ),
    _bomb(
        "folders in folders",
        """
            for n in range(3000):
                os.mkdir('d')
                os.chdir('d')
            time.sleep(40)
            won()
        """,
    ),
    _bomb(
        "folders that cannot be removed",
        """
            os.makedirs('a/b')
            os.chmod('a/b', 0)
            os.chmod('a', 0)
            os.chmod('.', 0)
        """,
        systems=("linux", "darwin"),
    ),
    _bomb(
        "descriptors",
        """
            for _ in range(200): os.dup(0)
            won()
        """,
    ),
    _bomb(
        "memory of the kernel in pipes",
        """
            for _ in range(100): os.pipe()
            won()
        """,
    ),
    Attack(
        name="output without end",
        family=FAMILY,
        program="while True: print('x' * 1000)",
        end="contained",
        seconds=_ENDLESS_S,
    ),
    Attack(
        name="errors without end",
        family=FAMILY,
        program="while True: print('x' * 1000, file=sys.stderr)",
        end="contained",
        seconds=_ENDLESS_S,
    ),
    _bomb("one line of 50 MB", "print('x' * 50_000_000)", systems=_ALL),
    _bomb("an error of 50 MB", "raise ValueError('x' * 50_000_000)", systems=_ALL),
    _bomb(
        "reports without end",
        "for _ in range(300): frame(frame='display', kind='display', data={'text/plain': 'x' * 10 ** 5})",
    ),
    _bomb("a report that never ends", "report(struct.pack('!I', 2 ** 32 - 1) + bytes(10 ** 6))"),
    _bomb("pictures without end", "for _ in range(20): display({'image/png': 'A' * 10 ** 6}, raw=True)", systems=_ALL),
    _endless("a loop", "while True: pass", systems=_ALL),
    _endless(
        "a loop that interrupts do not end",
        """
            for number in (2, 15, 1): signal.signal(number, signal.SIG_IGN)
            while True:
                try:
                    while True: pass
                except BaseException: pass
        """,
    ),
    _endless("a loop in C", "sum(range(10 ** 12))", systems=_ALL),
    _endless(
        "a regular expression that explodes",
        """
            import re
            re.match(r'(a+)+$', 'a' * 40 + 'b')
        """,
        systems=_ALL,
    ),
    _endless(
        "loops in many processes",
        """
            for _ in range(6): os.fork()
            while True: pass
        """,
    ),
    _endless(
        "an exit that waits",
        """
            import atexit
            atexit.register(time.sleep, 100)
        """,
        systems=_ALL,
    ),
    _bomb(
        "calls without end",
        """
            def f(): f()
            f()
        """,
        systems=_ALL,
    ),
    _bomb("brackets without end", "eval('(' * 10 ** 5 + ')' * 10 ** 5)", systems=_ALL),
)
