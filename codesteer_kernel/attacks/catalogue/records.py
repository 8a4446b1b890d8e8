"""Records, notebooks and data files of strangers: to run code, to drive a terminal, to reach other files."""

from __future__ import annotations

from codesteer_kernel.attacks.attack import Attack, Outcome, Reader

__all__ = ["ABOUT", "ATTACKS", "FAMILY"]

FAMILY = "records"
ABOUT = "the reader of a record, a notebook or a data file: his page, his terminal, his other files"

_MANY = 100_000


def _words(name: str, reader: Reader, text: str, end: Outcome = "stopped") -> Attack:
    return Attack(name=name, family=FAMILY, reader=reader, text=text, end=end)


ATTACKS: tuple[Attack, ...] = (
    _words("a script in every field", "fields", "<script>alert(1)</script><ScRiPt src='//127.0.0.1:9/x.js'></sCrIpT>"),
    _words(
        "handlers in every field",
        "fields",
        "<img src=x onerror=alert(1)><details open ontoggle=alert(1)><svg onload=alert(1)>",
    ),
    _words(
        "links to scripts in every field",
        "fields",
        "[a](javascript:alert(1)) <a href=' java\tscript:alert(1)'>b</a> ![x](//127.0.0.1:9/leak)",
    ),
    _words(
        "frames, forms and styles in every field",
        "fields",
        "<iframe srcdoc='<script>1</script>'></iframe><form action=//127.0.0.1:9><base href=//127.0.0.1:9><style>@import '//127.0.0.1:9'</style>",
    ),
    _words(
        "the end of our own markup in every field",
        "fields",
        "</pre></code></div></details>--><!-- ]]> \"'><b onclick=alert(1)>",
    ),
    _words(
        "a line that leaves its comment in every field",
        "fields",
        "x\r\nimport os; os.system('true')\x0b\x0c\x1c\x85\u2028import os\n\"\"\"'''",
    ),
    _words(
        "sequences that drive a terminal in every field",
        "fields",
        "\x1b]0;title\x07\x1b[2J\x1b[H\x1b]8;;http://127.0.0.1:9\x07x\x1b]8;;\x07\x9b31m\x1bP+q\x1b\\\x07\x08\x00",
    ),
    _words(
        "fences that leave their block in every field",
        "fields",
        "```\n~~~\n````\n<script>alert(1)</script>\n    <script>alert(1)</script>",
    ),
    _words(
        "a formula that links in every field",
        "fields",
        r"$\href{javascript:alert(1)}{x}$ $$\require{html}\style{position:fixed}{x}$$",
    ),
    _words("half a character in every field", "fields", "a\ud800b\udfffc"),
    _words("a line of a million in every field", "fields", "x" * 1_000_000),
    _words("tags without end in every field", "fields", "<b>" * _MANY),
    _words("quotes without end in every field", "fields", ">" * _MANY),
    _words("a record of brackets without end", "record", '{"schema": 1, "rounds": ' + "[" * _MANY),
    _words("a record that is a list", "record", "[]"),
    _words("a record of another time", "record", '{"schema": 999}'),
    _words(
        "a record with wrong kinds of everything",
        "record",
        '{"schema": 1, "id": 5, "status": {}, "rounds": "x", "question": []}',
    ),
    _words("a record with a number without end", "record", '{"schema": 1, "seq": ' + "9" * _MANY + "}"),
    _words("a record of bytes that are no text", "record", '{"schema": 1, "id": "\udcff\udcfe"}'),
    _words("a run's name that leads out of its folder", "run", "../secret"),
    _words("a run's name that is a path", "run", "/proc/self/environ"),
    _words("a run's name with an end of its own", "run", "secret\0"),
    _words("an array of pickled objects as input", "input", "x.npy"),
    _words("brackets without end as input", "input", "x.json"),
    _words("a table of rubbish as input", "input", "x.parquet"),
    _words("a workbook of rubbish as input", "input", "x.xlsx"),
)
