"""Python in the documentation runs: each page's blocks, one after another, as cells of a notebook.

Models answer over a provider's wire: what a page's session says (``sessions/PAGE.toml``), else something that serves. What
a page shows as output is what its cells put out. Blocks that cannot run here say so on their page, and are compiled.
"""

from __future__ import annotations

import ast
import contextlib
import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from codesteer_kernel import policy
from codesteer_kernel.configuring import configured
from codesteer_kernel.models.aliases import own_names
from tests.docs.pages import PAGES, Block, blocks
from tests.examples.sessions import replies
from tests.magics.notebook import Cell, Notebook
from tests.run.scripts import model, program, say
from tests.scripted import Reply, Request, serving_in_thread

SESSIONS = Path(__file__).parent / "sessions"
# A file of Jupyter's settings is Python too, but no cell.
SETTINGS = "c = get_config()"


def runs(block: Block) -> bool:
    """Whether it is a cell that can be run here."""
    return block.language == "python" and not block.reason and not block.text.startswith(SETTINGS)


WITH_PYTHON = [page for page in PAGES if any(map(runs, blocks(page)))]
PRIMES = "sum(n for n in range(2, 1000) if all(n % m for m in range(2, n)))"
CHECK = f"""```python
def check(answer):
    right = {PRIMES}
    return answer.strip() == str(right), f"the primes add up to {{right}}"
```"""


def anything(request: Request) -> Reply:
    """A reply that serves, whoever is asked for whatever: every page may ask for the sum of the primes below 1000."""
    if request.body.get("tools") and request.turns[-1][0] != "tool":
        return Reply(calls=[("call_1", "add", '{"a": 2, "b": 3}')])
    if "You steer another model" in request.system:
        return Reply(say("code" if len(request.turns) < 3 else "return"))
    if "function check(answer" in request.last_user:
        return Reply(CHECK)
    return Reply(program(f"print({PRIMES})"))


@contextlib.contextmanager
def cells(session: Path, folder: Path) -> Iterator[Callable[[str], Cell]]:
    """What runs a page's blocks: a kernel of its own in ``folder``, and models that say what ``session`` holds."""
    script = replies(session) if session.exists() else anything
    with serving_in_thread(script) as server, pytest.MonkeyPatch.context() as patch:
        (folder / "codesteer_config.py").write_text(
            f"c.CodeSteer.target = {model(server)!r}\nc.CodeSteer.live = 'text'\n", encoding="utf-8"
        )
        patch.setenv("JUPYTER_CONFIG_PATH", str(folder))
        for provider, address in (("OPENAI", f"{server.url}/v1"), ("ANTHROPIC", server.url)):
            patch.setenv(f"{provider}_BASE_URL", address)
            patch.setenv(f"{provider}_API_KEY", "of-nobody")
        patch.chdir(folder)
        notebook = Notebook()
        try:
            yield lambda code: notebook.run(code, seconds=240)
        finally:
            notebook.close()
        assert not session.exists() or not server.unused, "the page asks for less than its session holds"


@pytest.mark.kernel
@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.stem)
def test_a_page_runs_from_its_first_block_to_its_last(page: Path, tmp_path: Path) -> None:
    before: Cell | None = None
    with cells(SESSIONS / f"{page.stem}.toml", tmp_path) as run:
        for block in blocks(page):
            if block.output:
                assert before is not None, f"{block}: there is nothing before it that could have put this out"
                assert put_out(before) == lines(block.text), f"{block}: this is not what the block before it puts out"
            elif runs(block):
                before = run(block.text)
                assert before.error is None, f"{block}: {before.error}"


def put_out(cell: Cell) -> list[str]:
    return lines(cell.stdout + (cell.result or ""))


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


BLOCKS = [block for page in PAGES for block in blocks(page)]


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.language == "python" and one.reason], ids=str)
def test_what_is_not_run_can_be_compiled(block: Block) -> None:
    cell = TransformerManager().transform_cell(block.text)
    compile(cell, str(block), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.text.startswith(SETTINGS)], ids=str)
def test_settings_are_settings(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "codesteer_config.py").write_text(block.text, encoding="utf-8")
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path))
    read = configured()
    set_here = [line.split(".")[2].split()[0] for line in block.text.splitlines() if line.startswith("c.")]
    assert set_here
    assert all(name in read.trait_names(config=True) for name in set_here)


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.language in ("toml", "json")], ids=str)
def test_data_can_be_read(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if block.language == "json":
        assert json.loads(block.text)
        return
    told = tomllib.loads(block.text)
    if "limits" in told:
        assert policy._read(tmp_path / "policy.toml", block.text).lines()
    elif {"models", "profiles"} & told.keys():
        (tmp_path / "config.toml").write_text(block.text, encoding="utf-8")
        monkeypatch.setenv("CODESTEER_CONFIG", str(tmp_path / "config.toml"))
        assert own_names().models or own_names().profiles
    else:
        assert told
