"""Ordinary programs do here what ``python3 file.py`` does with them, one after another in one executor."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from codesteer_kernel.executor import Limits, SyncExecutor
from tests.executor.leaks import children, run_directories

pytestmark = pytest.mark.kernel

PROGRAMS = {
    "trivial": "print(41 + 1)",
    "numpy": """
        import numpy as np
        a = np.arange(12.0).reshape(3, 4)
        print(a @ a.T, np.linalg.norm(a), a.sum(axis=0))
    """,
    "pandas": """
        import pandas as pd
        frame = pd.DataFrame({"city": ["a", "b", "a"], "n": [1, 2, 3]})
        print(frame.groupby("city")["n"].sum())
        print(frame.describe())
    """,
    "sympy": """
        import sympy as s
        x = s.symbols("x")
        print(s.solve(x**2 - 4, x), s.integrate(s.sin(x) * x, x))
    """,
    "regular expressions": """
        import re
        text = "order 66 on 2024-02-29, order 7 on 2023-01-01"
        print(re.findall(r"order (\\d+) on (\\d{4})-(\\d\\d)", text), re.sub(r"\\d", "#", text))
    """,
    "big integers": """
        import math, sys
        sys.set_int_max_str_digits(0)
        print(2**5000 % 10**40, len(str(math.factorial(3000))), pow(3, 10**20, 10**9 + 7))
    """,
    "recursion": """
        from functools import lru_cache
        @lru_cache(None)
        def ways(n): return 1 if n < 2 else ways(n - 1) + ways(n - 2)
        def depth(n): return 0 if n == 0 else 1 + depth(n - 1)
        print(ways(90), depth(900))
    """,
    "generators": """
        from itertools import islice, takewhile
        def primes():
            found = []
            n = 2
            while True:
                if all(n % p for p in takewhile(lambda p: p * p <= n, found)):
                    found.append(n)
                    yield n
                n += 1
        print(list(islice(primes(), 30)), sum(x * x for x in range(10)))
    """,
    "dataclasses and typing": """
        from __future__ import annotations
        import typing
        from dataclasses import asdict, dataclass, field
        from enum import Enum
        class Kind(Enum):
            A = "a"
        @dataclass(order=True, slots=True)
        class Item:
            name: str
            kind: Kind = Kind.A
            tags: list[str] = field(default_factory=list)
        print(asdict(Item("x")), sorted([Item("b"), Item("a")])[0], typing.get_type_hints(Item))
    """,
    "asyncio.run": """
        import asyncio
        async def work(n):
            await asyncio.sleep(0.01 * (3 - n))
            return n * n
        async def main():
            print(await asyncio.gather(*map(work, range(3))))
            process = await asyncio.create_subprocess_exec("echo", "sub", stdout=asyncio.subprocess.PIPE)
            print((await process.communicate())[0])
        asyncio.run(main())
    """,
    "multiprocessing": """
        import multiprocessing as mp
        def square(n): return n * n
        if __name__ == "__main__":
            for method in ("fork", "spawn"):
                with mp.get_context(method).Pool(2) as pool:
                    print(method, pool.map(square, range(5)))
    """,
    "threads": """
        import queue, threading
        from concurrent.futures import ThreadPoolExecutor
        box = queue.Queue()
        threads = [threading.Thread(target=box.put, args=(n,)) for n in range(5)]
        for t in threads: t.start()
        for t in threads: t.join()
        with ThreadPoolExecutor(3) as pool:
            print(sorted(box.queue), list(pool.map(str, range(3))))
        threading.Timer(0.05, print, ["late"]).start()
    """,
    "subprocess of python": """
        import subprocess, sys
        done = subprocess.run([sys.executable, "-c", "import sys; print(sys.stdin.read() * 2)"],
                              input="ab", capture_output=True, text=True)
        print(done.stdout, done.returncode)
    """,
    "files in the working directory": """
        import csv, glob, json, os, pathlib, sqlite3, tempfile
        pathlib.Path("d").mkdir()
        pathlib.Path("d/x.json").write_text(json.dumps({"a": 1}))
        with open("t.csv", "w", newline="") as f: csv.writer(f).writerows([[1, 2], [3, 4]])
        print(sorted(glob.glob("**/*.[jc]s*", recursive=True)), list(csv.reader(open("t.csv"))))
        db = sqlite3.connect("x.db")
        print(db.execute("select 1 + 1").fetchone())
        db.close()
        with tempfile.NamedTemporaryFile() as f: print(f.write(b"abc"))
        os.remove("t.csv")
        print(os.path.exists("t.csv"))
    """,
    "files copied, packed, kept": """
        import os, shutil, sqlite3, stat, subprocess, tarfile, zipfile
        from pathlib import Path
        import pandas as pd
        os.mkdir("a")
        Path("a/x.sh").write_text("echo hello")
        os.chmod("a/x.sh", 0o750)
        os.utime("a/x.sh", (10**9, 10**9))
        shutil.copy("a/x.sh", "copied.sh")
        shutil.copy2("a/x.sh", "whole.sh")
        shutil.copytree("a", "tree")
        shutil.make_archive("packed", "zip", "a")
        with tarfile.open("packed.tar", "w") as packed: packed.add("a")
        with tarfile.open("packed.tar") as packed: packed.extractall("tar", filter="data")
        with zipfile.ZipFile("packed.zip") as packed: packed.extractall("zip")
        print(subprocess.run(["cp", "-a", "a", "by-cp"]).returncode, Path("zip/x.sh").read_text())
        for name in ("copied.sh", "whole.sh", "tree/x.sh", "tar/a/x.sh", "by-cp/x.sh"):
            facts = os.stat(name)
            print(name, stat.filemode(facts.st_mode), facts.st_mtime == 10**9)
        db = sqlite3.connect("x.db")
        print(db.execute("pragma journal_mode = wal").fetchone())
        pd.DataFrame({"n": [1, 2]}).to_sql("t", db, index=False)
        print(db.execute("select sum(n) from t").fetchone())
    """,
    "argparse": """
        import argparse, sys
        parser = argparse.ArgumentParser()
        parser.add_argument("--n", type=int, default=3)
        print(parser.parse_args().n, len(sys.argv))
    """,
    "sys.exit(0)": "import sys\nprint('answer')\nsys.exit(0)\nprint('never')",
    "exit()": "print('answer')\nexit()\nprint('never')",
    "exit code": "import sys\nprint('partial')\nsys.exit(3)",
    "uncaught exception": "print('before')\ndef f(): raise KeyError('k')\nf()",
    "syntax error": "print('never')\nfor",
    "main guard": """
        import sys
        def main():
            print(__name__, sys.modules["__main__"].main is main, __doc__)
            return 0
        if __name__ == "__main__":
            sys.exit(main())
    """,
    "seeded chance": """
        import random
        random.seed(7)
        import numpy as np
        print(random.random(), random.sample(range(100), 5), np.random.default_rng(7).integers(0, 100, 5))
    """,
    "unicode": """
        import sys, unicodedata
        print("grüße 🎈 日本語 \\u202e", unicodedata.normalize("NFD", "é").encode(), flush=True)
        sys.stdout.buffer.write("ende\\n".encode())
    """,
    "pickle of own classes": """
        import copy, pickle
        class Point:
            def __init__(self, x): self.x = x
        print(pickle.loads(pickle.dumps(Point(3))).x, copy.deepcopy([Point(4)])[0].x)
    """,
    "annealing": """
        import math, random
        random.seed(1)
        x, best = 5.0, 1e9
        for step in range(20000):
            y = x + random.uniform(-1, 1)
            if (d := (y**2 + 3 * math.sin(5 * y)) - (x**2 + 3 * math.sin(5 * x))) < 0 or random.random() < math.exp(-d / (1 - step / 20001)):
                x = y
            best = min(best, x**2 + 3 * math.sin(5 * x))
        print(round(best, 6))
    """,
    "exit handlers and warnings": """
        import atexit, logging, warnings
        atexit.register(print, "bye")
        logging.basicConfig(format="%(levelname)s %(message)s")
        logging.warning("logged")
        warnings.warn("careful")
        print("hi")
    """,
}


@pytest.fixture(scope="module")
def executor() -> Iterator[SyncExecutor]:
    before = children(), run_directories()
    with SyncExecutor(limits=Limits(seconds=60, memory_mb=1024), spare=False) as made:
        for library in ("numpy", "pandas", "sympy"):
            assert made.run(f"import {library}").ok
        yield made
    assert children() <= before[0]
    assert run_directories() <= before[1]


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_a_script(executor: SyncExecutor, name: str, tmp_path: Path) -> None:
    source = textwrap.dedent(PROGRAMS[name])
    kernel = children()
    result = executor.run(source)
    assert children() == kernel, "nothing of a program may stay"
    (tmp_path / "program.py").write_text(source)
    script = subprocess.run(
        [sys.executable, "program.py"], capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False
    )
    assert result.stdout == script.stdout, result.stderr
    assert result.status == ("error" if script.returncode else "ok")
    assert result.exit_code == script.returncode
    # Paths differ, the last line tells the error.
    assert result.stderr.splitlines()[-1:] == script.stderr.splitlines()[-1:]


def test_a_million_lines(executor: SyncExecutor) -> None:
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = executor.run("for n in range(1_000_000): print(n)")
    assert result.ok
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024
    whole = "".join(f"{n}\n" for n in range(1_000_000))
    head, _, rest = result.stdout.partition(f"\n[... {result.cut['stdout']} bytes cut ...]\n")
    assert whole.startswith(head)
    assert whole.endswith(rest)
    assert len(head) + len(rest) + result.cut["stdout"] == len(whole)
