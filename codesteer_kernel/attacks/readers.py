"""What texts of strangers are given to: the readers of the house, with what would show that one was taken in."""

from __future__ import annotations

import ast
import html.parser
import json
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from codesteer_kernel.attacks.attack import Attack, Outcome, Reader
from codesteer_kernel.checkers import read_check, run_check
from codesteer_kernel.errors import CodeSteerError
from codesteer_kernel.models.templates import Shield
from codesteer_kernel.reading import read_inputs
from codesteer_kernel.record import (
    Answer,
    Decision,
    Execution,
    FinalAnswer,
    Record,
    Round,
    SelfAnswer,
    bounded,
    decode_record,
    encode_record,
)
from codesteer_kernel.render import mime_bundle, printable, to_markdown, to_notebook, to_page, to_program, to_text
from codesteer_kernel.steering.dialects.codesteer_v1 import parse_guidance
from codesteer_kernel.steering.dialects.instruct import parse_decision
from codesteer_kernel.steering.evidence import assess
from codesteer_kernel.steering.extraction import code_blocks, result_of_output, result_of_text, without_code
from codesteer_kernel.store import Store

if TYPE_CHECKING:
    from codesteer_kernel.executor import Executor

__all__ = ["read_text", "read_verdict"]

_SECONDS = 20.0
"""Processor time after which a reader counts as one that does not end."""
_ENDS = frozenset({"return", "terminate"})


def read_text(attack: Attack) -> tuple[Outcome, list[str]]:
    """Hand a text to its reader; returns what came of it, and what shows it."""
    assert attack.reader is not None
    started = time.process_time()
    refused = ""
    try:
        reached = _READERS[attack.reader](attack.text)
    except CodeSteerError as fault:
        reached, refused = [], fault.message
    except Exception as fault:  # noqa: BLE001 - that it is not one of ours is what is looked for
        reached = [f"{type(fault).__name__} reaches the user"]
    if time.process_time() - started > _SECONDS:
        reached.append("the reader was kept busy")
    return ("not stopped", reached) if reached else ("stopped", [refused])


async def read_verdict(attack: Attack, executor: Executor) -> tuple[Outcome, list[str]]:
    """Have a checker judge a text as an answer that is wrong, or as a test that judges one; it is not to say: pass."""
    test, answer = (_HONEST, attack.text) if attack.reader == "answer" else (attack.text, "7")

    async def execute(code: str) -> Execution:
        result = await executor.run(code)
        error = f"{result.error_name}: {result.error_text}" if result.error_name else ""
        return Execution(status=result.status, stdout=result.stdout, stderr=result.stderr, error=error)

    said = await run_check(read_check(test), answer, execute)
    return ("not stopped" if said.verdict == "pass" else "stopped"), [f"the verdict is: {said.verdict}", said.reason]


# Models and checkers


def _guidance(text: str) -> list[str]:
    said = parse_guidance(text)
    return [f"it counts as {said.kind}"] if said is not None and said.kind in _ENDS else []


def _decision(text: str) -> list[str]:
    try:
        said = parse_decision(text)
    except ValueError:
        # What follows is one more question, then the rules.
        return []
    return [f"it counts as {said.kind}"]


def _evidence(text: str) -> list[str]:
    """A program prints the text, and its test says that it is wrong."""
    run = Execution(status="ok", stdout=text)
    failed = SelfAnswer(verdict="fail", reason="it is wrong")
    decision = Decision(kind="code", source="model")
    answer = Answer(text=text, code="print(input)", complete=True)
    last = Round(index=1, decision=decision, answer=answer, execution=run, self_answer=failed, result=text)
    situation = assess([last])
    best = max(situation.allowed, key=lambda kind: situation.allowed[kind])
    return [f"the rules take it for {situation.name}, and would {best}"] if best in _ENDS else []


_TURNS = ("<|im_start|>", "<|im_end|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>")


def _tokens(text: str) -> list[str]:
    shield = Shield(_TURNS)
    pieces = shield.split(f"<|im_start|>user\n{shield.cover(text)}<|im_end|>\n")
    control = [piece for piece, is_control in pieces if is_control]
    return [] if control == ["<|im_start|>", "<|im_end|>"] else [f"control tokens: {control}"]


def _replies(text: str) -> list[str]:
    code_blocks(text), without_code(text), result_of_output(text), result_of_text(text)
    return []


_HONEST = (
    "def check(answer: str) -> tuple[bool, str]:\n"
    "    wanted = sum(number for number in range(10))\n"
    "    return answer.strip() == str(wanted), 'it is not the sum'\n"
)


# Records and files


def _record(text: str) -> list[str]:
    try:
        decode_record(text.encode("utf-8", "surrogateescape"))
    except CodeSteerError:
        return []
    return ["it passes for a record"]


def _fields(text: str) -> list[str]:
    """The text stands in every field of a record, which is drawn in every way there is."""
    record = bounded(_filled(text))
    found = []
    drawn = mime_bundle(record)
    for name, page in (("HTML", drawn["text/html"]), ("page", to_page(record))):
        found += [f"{name}: {what}" for what in _Alive.of(page)]
    if _DRIVES.search(to_text(record)) or _DRIVES.search(printable(to_markdown(record))):
        found.append("control characters reach the terminal")
    json.dumps(drawn).encode()
    notebook = to_notebook(record)
    cells = [(cell["cell_type"], cell["id"]) for cell in notebook["cells"]]
    if cells != [(cell["cell_type"], cell["id"]) for cell in to_notebook(_filled("x"))["cells"]]:
        found.append("the notebook has other cells")
    answer = FinalAnswer(text=text, result=text, round=1, code="y = 1")
    program = to_program(msgspec.structs.replace(record, answer=answer))
    if program is None or _statements(program) != 1:
        found.append("the program has other statements")
    encode_record(record)
    return found


def _run(text: str) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder) / "runs"
        runs.mkdir()
        (Path(folder) / "secret.json").write_bytes(encode_record(Record(id="secret")))
        Store(runs).load(text)
    return ["a file outside was read"]


def _input(name: str) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(_FILES[path.suffix]())
        read_inputs([str(path)])
    return ["it passes for data"]


def _pickled_array() -> bytes:
    head = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + b"cposix\nsystem\n(S'true'\ntR."


_FILES: dict[str, Callable[[], bytes]] = {
    ".npy": _pickled_array,
    ".json": lambda: b"[" * 200_000,
    ".parquet": lambda: b"PAR1" + b"\xff" * 1000 + b"PAR1",
    ".xlsx": lambda: b"PK\x03\x04" + b"\xff" * 1000,
}
_READERS: dict[Reader, Callable[[str], list[str]]] = {
    "guidance": _guidance,
    "decision": _decision,
    "evidence": _evidence,
    "tokens": _tokens,
    "replies": _replies,
    "record": _record,
    "fields": _fields,
    "run": _run,
    "input": _input,
}
_DRIVES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def _filled(text: str) -> Record:
    """A record in which everything that a model, a program or a user wrote is ``text``."""
    outputs = [
        {"kind": "display", "data": {kind: text}}
        for kind in ("text/html", "text/plain", "text/markdown", "image/svg+xml")
    ]
    run = {"status": "error", "stdout": text, "stderr": text, "error": text, "traceback": text, "outputs": outputs}
    decision = {"kind": "refine", "source": "model", "guidance": text, "reason": text, "raw": text}
    checked = {"verdict": "fail", "reason": text, "program": text, "execution": run}
    one = {
        "index": 1,
        "decision": decision,
        "answer": {"text": text, "code": text, "complete": True},
        "execution": run,
        "symbolic": {"score": 1, "note": text, "methods": [text]},
        "self_answer": checked,
        "result": text,
        "complete": True,
    }
    words = {**one, "index": 2, "answer": {"text": text, "complete": True}, "execution": None, "symbolic": None}
    whole = {
        "schema": 1,
        "id": "r-1",
        "status": "done",
        "question": {
            "prompt": text,
            "context": text,
            "inputs": [{"name": text, "type": text, "shape": text, "summary": text}],
            "outputs": [text],
        },
        "models": {"target": text, "steerer": text, "checker": text},
        "rounds": [one, words],
        "answer": {"text": text, "result": text, "round": 1, "code": text},
        "support": {"level": "verified", "note": text, "decision": decision},
        "bound": [{"name": text, "type": text, "error": text}],
        "versions": {"codesteer": text},
        "error": {"code": text, "message": text, "cure": text},
    }
    # As it comes from a file of a stranger's.
    return decode_record(json.dumps(whole).encode())


def _statements(program: str) -> int:
    try:
        return len(ast.parse(program).body)
    except (SyntaxError, ValueError):
        return -1


class _Alive(html.parser.HTMLParser):
    """Finds in a page what would run, load or lead somewhere."""

    _TAGS = frozenset(
        {"script", "iframe", "frame", "object", "embed", "link", "base", "meta", "form", "input"}
        | {"video", "audio", "dialog", "svg", "math"}
    )

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    @classmethod
    def of(cls, page: str) -> list[str]:
        """What is alive in a page of ours, beside what is so in one about nothing."""
        found: list[set[str]] = []
        for text in (page, to_page(_filled("x")), mime_bundle(_filled("x"))["text/html"]):
            parser = cls()
            parser.feed(text)
            found.append(parser.found)
        return sorted(found[0] - found[1] - found[2])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at a tag and its attributes."""
        if tag in self._TAGS:
            self.found.add(f"<{tag}>")
        for name, value in attrs:
            address = re.sub(r"[\s\x00-\x20]", "", value or "").lower()
            if name.startswith("on") or name in ("srcdoc", "formaction", "ping"):
                self.found.add(name)
            elif name in ("href", "src", "action", "data", "xlink:href") and not address.startswith(
                ("data:image/", "#")
            ):
                self.found.add(f"{name}={address[:40]}")
