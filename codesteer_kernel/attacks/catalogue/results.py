"""What a program hands back: forged to run code in the user's process, to have it read files, to fill or crash it."""

from __future__ import annotations

from codesteer_kernel.attacks.attack import Attack

__all__ = ["ABOUT", "ATTACKS", "FAMILY"]

FAMILY = "results"
ABOUT = "the user's process, by forged results: to run code in it, to have it read files, to fill or crash it"

_UNIX = ("linux", "darwin")
_ARROW = "about = {'format': 'arrow', 'kind': 'pandas.DataFrame'}\nimport pyarrow as pa\n"
_WRITE = (
    "sink = pa.BufferOutputStream()\n"
    "with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=packed)) as writer: writer.write_table(table)\n"
    "hand_back(about, sink.getvalue().to_pybytes())"
)


def _forged(name: str, program: str, *, needs: str = "") -> Attack:
    return Attack(name=name, family=FAMILY, program=program, fetch="value", systems=_UNIX, needs=needs)


def _file(name: str, program: str) -> Attack:
    return Attack(name=name, family=FAMILY, program=program, fetch="file", systems=_UNIX)


ATTACKS: tuple[Attack, ...] = (
    _forged("a pickle that runs code", "hand_back({'format': 'pickle'}, b'cposix\\nsystem\\n(S\"true\"\\ntR.')"),
    _forged(
        "an array of pickled objects",
        """
            import numpy as np, io
            f = io.BytesIO()
            np.save(f, np.array([{}], dtype=object), allow_pickle=True)
            hand_back({'format': 'npy'}, f.getvalue())
        """,
        needs="numpy",
    ),
    _forged(
        "an array that claims terabytes",
        """
            head = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,), }".ljust(117) + b'\\n'
            hand_back({'format': 'npy'}, b'\\x93NUMPY\\x01\\x00' + struct.pack('<H', len(head)) + head)
        """,
        needs="numpy",
    ),
    _forged(
        "an array with a program for a header",
        """
            head = b"__import__('os').system('true')".ljust(117) + b'\\n'
            hand_back({'format': 'npy'}, b'\\x93NUMPY\\x01\\x00' + struct.pack('<H', len(head)) + head)
        """,
        needs="numpy",
    ),
    _forged(
        "a sparse matrix that points outside",
        """
            import numpy as np, io
            parts = []
            for a in (np.ones(1), np.array([10 ** 6], 'i4'), np.array([0, 1], 'i4')):
                f = io.BytesIO(); np.save(f, a); parts.append(f.getvalue())
            hand_back({'format': 'sparse', 'kind': 'scipy.sparse.csr_matrix', 'shape': [1, 1], 'sizes': [len(p) for p in parts]}, b''.join(parts))
        """,
        needs="scipy",
    ),
    _forged(
        "an Arrow file of rubbish",
        "hand_back({'format': 'arrow', 'kind': 'pandas.DataFrame'}, b'ARROW1\\0\\0' + b'\\xff' * 1000)",
        needs="pyarrow",
    ),
    _forged(
        "an Arrow file that unfolds (packed)",
        _ARROW
        + "table, packed = pa.table({'x': pa.array(bytes(10 ** 7))if 0 else pa.array([0] * 10 ** 6)}), 'zstd'\n"
        + _WRITE,
        needs="pyarrow",
    ),
    _forged(
        "an Arrow file that unfolds (nothing but nulls)",
        _ARROW + "table, packed = pa.table({'x': pa.nulls(10 ** 6)}), None\n" + _WRITE,
        needs="pyarrow",
    ),
    _forged(
        "an Arrow file that unfolds (runs)",
        _ARROW
        + "table, packed = pa.table({'x': pa.RunEndEncodedArray.from_arrays(pa.array([10 ** 9]), pa.array([1.0]))}), None\n"
        + _WRITE,
        needs="pyarrow",
    ),
    _forged(
        "an Arrow file whose texts point outside",
        _ARROW
        + "table, packed, hand = pa.table({'x': ['hello', 'world']}), None, hand_back\n"
        + "first, last = struct.pack('<3i', 0, 5, 10), struct.pack('<3i', 0, 5, 2 ** 30)\n"
        + "def hand_back(about, data): hand(about, data.replace(first, last))\n"
        + _WRITE,
        needs="pyarrow",
    ),
    _forged("JSON of brackets without end", "hand_back({'format': 'json'}, b'[' * 200_000)"),
    _forged("JSON of a number without end", "hand_back({'format': 'json'}, b'1' * 1_000_000)"),
    _forged("JSON that is no text", "hand_back({'format': 'json'}, b'\\xff\\xfe\\x00')"),
    _forged("a picture that is a page", "hand_back({'format': 'png'}, b'<script>alert(1)</script>')"),
    _forged("a chart that is a list", "hand_back({'format': 'chart'}, b'[1]')"),
    _forged("a format that does not exist", "hand_back({'format': '__class__'}, b'1')"),
    _forged("a file outside", "hand_back({'format': 'json'}, b'1', file='../../../../../../etc/hostname')"),
    _forged(
        "a link in the place of a result",
        """
            frame(frame='exports', values={'x': {'about': {'format': 'json'}, 'file': '0'}})
            os.symlink('/proc/self/environ', out('0'))
            os._exit(0)
        """,
    ),
    _forged(
        "a pipe in the place of a result",
        """
            frame(frame='exports', values={'x': {'about': {'format': 'json'}, 'file': '0'}})
            os.mkfifo(out('0'))
            os._exit(0)
        """,
    ),
    _forged(
        "a folder in the place of a result",
        """
            frame(frame='exports', values={'x': {'about': {'format': 'json'}, 'file': '0'}})
            os.mkdir(out('0'))
            os._exit(0)
        """,
    ),
    _forged(
        "a result that is no description",
        """
            frame(frame='exports', values={'x': 'x'})
            os._exit(0)
        """,
    ),
    _file("a link in the place of a file", "os.symlink('/proc/self/environ', 'x')"),
    _file("a pipe in the place of a file", "os.mkfifo('x')"),
    _file("a second name of the user's file", "os.link(bait.precious, 'x')"),
    _file("a file that is larger than may come back", "for _ in range(3): open('x', 'ab').write(bytes(1_000_000))"),
)
