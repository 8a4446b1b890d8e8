"""What a cell passes in: variables, files and mentions; what the models see of them, and what they must not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from codesteer.inputs import mentioned, named

from codesteer_kernel.errors import UnknownName
from codesteer_kernel.record import decode_record
from codesteer_kernel.store import Store
from tests.magics.notebook import RUN, Notebook
from tests.run.scripts import model, program, say, script
from tests.scripted import ScriptedServer, serving_in_thread

VALUES: dict[str, Any] = {"df": [1], "sales_2024": 2, "naïve": 3, "json": json, "print": print, "prop": 4, "pytest": 5}


@pytest.mark.parametrize(
    ("prompt", "names"),
    [
        ("Sum @df, please.", ["df"]),
        ("@sales_2024 against @df: which @df rows differ (@naïve)?", ["sales_2024", "df", "naïve"]),
        ("What is in @df?", ["df"]),
        ("See @df.", ["df"]),
        ("In {braces} and $dollars: @df's rows; '@df'", ["df"]),
        ("Write to ann@df or ann.lee@df.com or @df@example.org", []),
        ("Is a@df or (a)@df a product of matrices? Or x @ df?", []),
        ("Use `@df` and\n```\n@df\n```\nhere", []),
        ("@prop\ndef f(self): ...", []),
        ("    @prop\n    @df\n    async def f(self): ...", []),
        ("Mark it @pytest.mark.slow or @df() or @scope/df, or write \\@df", []),
        ("@nobody @json @print @ @1 @@df", []),
    ],
)
def test_mentions_are_read_as_a_person_would(prompt: str, names: list[str]) -> None:
    assert mentioned(prompt, VALUES) == names


def test_names_are_variables_first_and_then_files(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a\n1\n")
    assert named(["df", str(path)], {"df": 1}) == {"df": 1, "data.csv": path}
    with pytest.raises(UnknownName) as caught:
        named(["dff"], {"df": 1})
    assert "'df'" in caught.value.cure


def steered(server: ScriptedServer, options: str = "", prompt: str = "Sum n.") -> str:
    return f"%%codesteer --target {model(server)} {options}\n{prompt}"


def told(server: ScriptedServer) -> str:
    """Everything that went to the models."""
    return "\n".join(text for request in server.requests for _, text in request.turns)


def one_program(source: str) -> list[Any]:
    return script([say("code"), say("return")], [program(source)], "I cannot.")


@pytest.mark.kernel
def test_a_mention_passes_its_variable_in_and_the_prompt_stays_as_typed(notebook: Notebook) -> None:
    notebook.run("import pandas as pd\ntable = pd.DataFrame({'n': [1, 2, 39]})")
    prompt = "Sum n of @table for {me}, $5; ask bob@table.com."
    with serving_in_thread(one_program("print(table['n'].sum())")) as server:
        cell = notebook.run(steered(server, prompt=prompt))
        assert prompt in told(server)
        assert "columns: n (int64, 1 to 39)" in told(server)
    assert cell.run["answer"]["text"] == "42"
    assert cell.run["question"]["prompt"] == prompt


@pytest.mark.kernel
def test_files_are_copied_into_the_programs_folder(notebook: Notebook, tmp_path: Path) -> None:
    (tmp_path / "data one.csv").write_text("n\n40\n2\n")
    (tmp_path / "more.txt").write_text("7")
    notebook.run(f"import pathlib\nmore = pathlib.Path({str(tmp_path / 'more.txt')!r})")
    source = "import csv\nrows = list(csv.DictReader(open('data one.csv')))\nprint(sum(int(r['n']) for r in rows), more, more.read_text())"
    with serving_in_thread(one_program(source)) as server:
        # A comma and a space part names, so a file with a space in its name is passed by a variable.
        notebook.run(f"one = pathlib.Path({str(tmp_path / 'data one.csv')!r})")
        cell = notebook.run(steered(server, f"--in one,more --in {tmp_path / 'more.txt'}", "Add them."))
        assert cell.error is not None
        assert "'more.txt'" in cell.error
        cell = notebook.run(steered(server, "--in one,more", "Add them."))
        assert "more: pathlib.Path of the file 'more.txt'" in told(server)
        assert str(tmp_path) not in told(server)
    assert cell.run["answer"]["text"] == "42 more.txt 7"
    with serving_in_thread(one_program("print(open('more.txt').read())")) as server:
        cell = notebook.run(steered(server, f"--in {tmp_path / 'more.txt'}"))
        assert "working directory:\nmore.txt: 1 bytes" in told(server)
    assert cell.run["answer"]["text"] == "7"


@pytest.mark.kernel
def test_hidden_values_reach_the_program_and_nobody_else(notebook: Notebook) -> None:
    notebook.run("import pandas as pd\nstaff = pd.DataFrame({'who': ['Wilhelmina'], 'pay': [987654], 'n': [1]})")
    source = "print(staff['who'].str.len().sum() + staff['pay'].sum())"
    with serving_in_thread(one_program(source)) as server:
        cell = notebook.run(steered(server, "--in staff --hide who,PA*"))
        assert "who (str, values hidden), pay (int64, values hidden), n (int64" in told(server)
        seen = told(server) + json.dumps(cell.messages, default=str) + Store().load("last").question.inputs[0].summary
        assert "Wilhelmina" not in seen
        assert "987654 " not in seen
    assert cell.run["answer"]["text"] == str(10 + 987654)
    with serving_in_thread(one_program("print(list(staff.columns))")) as server:
        cell = notebook.run(steered(server, "--in staff --hide who,pay --drop"))
        assert "hidden" not in told(server)
    assert cell.run["answer"]["text"] == "['n']"
    with serving_in_thread([]) as server:
        cell = notebook.run(steered(server, "--in staff --hide whom"))
        assert "no input has as a column" in (cell.error or "")
        assert not server.requests


@pytest.mark.kernel
def test_a_preview_is_what_the_models_see(notebook: Notebook) -> None:
    notebook.run("import pandas as pd\ntable = pd.DataFrame({'n': [1, 2], 'who': ['a', 'b']})\nfactor = 3")
    for options in ("", "--schema-only", "--hide who", "--hide who --drop"):
        shown = notebook.run(f"%codesteer preview table,factor {options}")
        assert shown.error is None
        assert "table: pandas.DataFrame" in shown.stdout
        assert ("'a' or 'b'" in shown.stdout) == (options == "")
        with serving_in_thread(one_program("print(1)")) as server:
            notebook.run(steered(server, f"--in table,factor {options}"))
            assert shown.stdout.strip() in told(server)
    assert "Nothing to preview" in (notebook.run("%codesteer preview").error or "")
    notebook.run("%config CodeSteer.hide = 'wh*'")
    assert "'a' or 'b'" not in notebook.run("%codesteer preview table").stdout
    notebook.run("%config CodeSteer.hide = ''")


@pytest.mark.kernel
def test_the_cap_can_be_raised(notebook: Notebook) -> None:
    notebook.run("import numpy as np\ngrid = np.zeros(200_000)")
    with serving_in_thread(one_program("big = grid + 1\nprint(int(big.sum()))")) as server:
        cell = notebook.run(steered(server, "--in grid --in-max 1"))
        assert "--in-max MB" in (cell.error or "") + json.dumps(cell.displays, default=str)
        cell = notebook.run(steered(server, "--in grid --in-max 2 --out big --out-max 1"))
    assert cell.run["answer"]["text"] == "200000"
    (bound,) = cell.run["bound"]
    assert "--out-max MB" in bound["error"]


@pytest.mark.kernel
def test_what_comes_back_has_its_type_and_shows_itself(notebook: Notebook) -> None:
    pytest.importorskip("matplotlib")
    source = (
        "import collections, numpy as np, pandas as pd, matplotlib.pyplot as plt\n"
        "frame = pd.DataFrame({'a': [1, 2]})\ngrid = np.eye(2)\ncounts = collections.Counter('aab')\n"
        "fig, ax = plt.subplots(figsize=(1, 1))\nax.plot([1, 2])\nlast = pd.Timestamp('2024-02-29')\nodd = (n for n in [])\n"
        "print('made')"
    )
    with serving_in_thread(one_program(source)) as server:
        cell = notebook.run(steered(server, "--out frame,grid,counts,fig,last,odd"))
    assert cell.error is None
    kinds = {one["name"]: one["type"] for one in cell.run["bound"]}
    assert kinds == {
        "frame": "DataFrame",
        "grid": "ndarray",
        "counts": "dict",
        "fig": "Picture",
        "last": "Timestamp",
        "odd": "",
    }
    assert "generator" in next(one["error"] for one in cell.run["bound"] if one["name"] == "odd")
    assert any("image/png" in one["data"] for one in cell.run["rounds"][0]["execution"]["outputs"])
    shown = notebook.run("fig")
    assert any("image/png" in message["content"].get("data", {}) for message in shown.messages)
    assert "'odd' in" not in notebook.run("print(sorted(counts.items()), last.year, 'odd' in globals())").stdout
    looked = notebook.run("run = codesteer.last\nprint(run.to_frame().to_json())")
    table = json.loads(looked.stdout)
    assert list(table) == ["decision", "result", "verdict", "score", "seconds", "tokens", "cost"]
    assert table["decision"] == {"1": "code"}
    assert table["result"] == {"1": "made"}


@pytest.mark.kernel
def test_charts_are_shown_by_their_own_types_unless_they_would_load_something(notebook: Notebook) -> None:
    vega = "application/vnd.vegalite.v5+json"
    spec = {"$schema": "https://vega.github.io/schema/vega-lite/v5.json", "mark": "bar", "data": {"values": [{"a": 1}]}}
    evil = {"mark": "bar", "data": {"url": "https://example.org/?x=1"}}
    source = (
        f"from IPython.display import display\n"
        f"display({{{vega!r}: {spec!r}, 'text/plain': 'good'}}, raw=True)\n"
        f"display({{{vega!r}: {evil!r}, 'text/plain': 'bad'}}, raw=True)\nprint(1)"
    )
    with serving_in_thread(one_program(source)) as server:
        cell = notebook.run(steered(server))
    run, good, bad = cell.outputs
    assert decode_record(run[RUN]).status == "done"
    assert good == {vega: spec, "text/plain": "good"}
    assert set(bad) == {"text/plain"}
    assert "not drawn" in bad["text/plain"]
