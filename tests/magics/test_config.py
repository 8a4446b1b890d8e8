"""``%config CodeSteer`` in a notebook, and the administrator's limits that it cannot loosen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codesteer_kernel.configuring import CodeSteer
from tests.magics.notebook import Notebook
from tests.run.scripts import model, say, script
from tests.scripted import serving_in_thread

pytestmark = pytest.mark.kernel


@pytest.fixture
def limited(notebook: Notebook, tmp_path: Path) -> Iterator[Path]:
    """An administrator's file, for as long as a test lasts."""
    path = tmp_path / "policy.toml"
    notebook.run(
        f"import codesteer_kernel.policy, pathlib\ncodesteer_kernel.policy.FILES = (pathlib.Path({str(path)!r}),)"
    )
    yield path
    notebook.run("codesteer_kernel.policy.FILES = ()\nimport os; os.environ.pop('CODESTEER_TIER_FLOOR', None)")
    notebook.run(
        "%config CodeSteer.rounds = 5\n%config CodeSteer.target = 'embedded'\n%config CodeSteer.journal = True"
    )


def test_config_shows_and_sets_every_default(notebook: Notebook) -> None:
    assert "CodeSteer" in notebook.run("%config").stdout
    shown = notebook.run("%config CodeSteer").stdout
    for name in CodeSteer.class_trait_names(config=True):
        assert f"CodeSteer.{name}=" in shown
    with serving_in_thread(script([say("text"), say("return")] * 2, ["Answer: 42"] * 2)) as server:
        notebook.run(f"%config CodeSteer.target = {model(server)!r}\n%config CodeSteer.rounds = 2")
        cell = notebook.run("%%codesteer\n6 * 7?")
        code = notebook.run("print(codesteer.solve('6 * 7?').record.budget.rounds)")
        notebook.run("%config CodeSteer.target = 'embedded'\n%config CodeSteer.rounds = 5")
    assert cell.run["budget"]["rounds"] == 2
    assert code.stdout == "2\n"
    notebook.run("%config CodeSteer.rounds = 'many'")
    assert notebook.run("%config CodeSteer.rounds").result == "5", "what cannot be is not taken"
    told = notebook.run("%codesteer config").stdout
    assert "CodeSteer.rounds" in told
    assert "CodeSteer.live" in told


def test_no_way_of_a_notebook_goes_round_the_limits(notebook: Notebook, limited: Path, tmp_path: Path) -> None:
    with serving_in_thread(script([say("text"), say("return")], ["Answer: 42"])) as server:
        limited.write_text(
            f"[models]\nallow = ['{model(server)}']\n[hosts]\nallow = ['localhost']\n[limits]\nrounds = 2\n"
        )
        notebook.run(f"%config CodeSteer.target = {model(server)!r}")
        own = tmp_path / "own.toml"
        own.write_text(
            "[models.mine]\nmodel = 'openai/x'\nbase_url = 'http://evil.test/v1'\n[profiles.p]\nrounds = 3\n"
        )
        notebook.run(f"import os; os.environ['CODESTEER_CONFIG'] = {str(own)!r}")
        for code in (
            "%%codesteer --rounds 3\n6 * 7?",
            "%%codesteer --profile p\n6 * 7?",
            "%%codesteer --target openai/other@http://127.0.0.1:9/v1\n6 * 7?",
            "%%codesteer --checker mine\n6 * 7?",
            "%%codesteer --host http://evil.test:8000/v1 --target hosted\n6 * 7?",
            "%%codesteer --check-only --checker mine\n6 * 7?\n---\n42",
            "codesteer.solve('6 * 7?', rounds=3)",
            "codesteer.check('6 * 7?', '42', target='mine')",
            "codesteer.map(['6 * 7?'], rounds=3, progress=False)",
            "await codesteer.asolve('6 * 7?', steerer='mine')",
            "%codesteer models check mine",
        ):
            cell = notebook.run(code)
            assert "NotAllowed" in (cell.error or "")[:4000], (code, cell.error, cell.stdout)
            assert str(limited) in (cell.error or "")
        notebook.run("%config CodeSteer.rounds = 3")
        assert "NotAllowed" in (notebook.run("%%codesteer\n6 * 7?").error or "")
        assert server.requests == []
        notebook.run("%config CodeSteer.rounds = 5")
        assert notebook.run("%%codesteer --checker none\n6 * 7?").run["budget"]["rounds"] == 2, "the default is limited"
    assert "rounds: at most 2" in notebook.run("%codesteer config").stdout
