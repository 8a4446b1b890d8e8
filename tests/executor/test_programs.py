"""Programs behave as scripts do, and each of them leaves the executor as it found it."""

from __future__ import annotations

import pytest

from codesteer_kernel.executor import Executor, Limits, OutputEvent, Result, open_executor

pytestmark = pytest.mark.kernel


async def test_output_comes_as_it_happens_and_the_result_last(executor: Executor) -> None:
    events = [
        event
        async for event in executor.stream(
            "import sys, time\nprint('one')\ntime.sleep(0.3)\nprint('two')\nprint('bad', file=sys.stderr)"
        )
    ]
    result = events[-1]
    assert isinstance(result, Result)
    assert result.ok
    assert (result.stdout, result.stderr) == ("one\ntwo\n", "bad\n")
    live = [event for event in events[:-1] if isinstance(event, OutputEvent)]
    assert live[0].text == "one\n"
    assert "".join(event.text for event in live if event.kind == "stdout") == result.stdout
    assert result.seconds > 0.3
    assert result.peak_mb > 1
    assert result.exit_code == 0


async def test_each_program_is_a_fresh_script(executor: Executor) -> None:
    first = await executor.run(
        "import json, os\nx = 1\njson.dumps = None\nos.environ['A'] = 'b'\nopen('f', 'w').close()"
    )
    assert first.ok
    second = await executor.run(
        "import json, os, sys\n"
        "print('x' in globals(), json.dumps([1]), os.environ.get('A'), os.listdir('.'))\n"
        "if __name__ == '__main__':\n    print(sys.argv, __file__.endswith('program.py'))"
    )
    assert second.stdout == "False [1] None ['program.py']\n['program.py'] True\n"


async def test_the_value_of_the_last_line_is_shown(executor: Executor) -> None:
    result = await executor.run("x = [1, 2]\nx")
    assert [(output.kind, output.data) for output in result.outputs] == [("result", {"text/plain": "[1, 2]"})]
    assert (await executor.run("print('a')")).outputs == []
    shown = await executor.run("class T:\n    def _repr_html_(self): return '<b>t</b>'\ndisplay(T())")
    assert shown.outputs[0].kind == "display"
    assert shown.outputs[0].data["text/html"] == "<b>t</b>"
    imported = await executor.run("from IPython.display import display\ndisplay(3)")
    assert imported.outputs[0].data["text/plain"] == "3"


async def test_open_figures_come_back_as_png(executor: Executor) -> None:
    pytest.importorskip("matplotlib")
    result = await executor.run("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()")
    assert result.ok, result.stderr
    assert result.stderr == ""
    figures = [output for output in result.outputs if output.kind == "figure"]
    assert len(figures) == 1
    assert figures[0].data["image/png"].startswith("iVBOR")


@pytest.mark.parametrize(
    ("code", "status", "name", "text"),
    [
        ("import sys; sys.exit(3)", "error", "SystemExit", "3"),
        ("import sys; sys.exit('no')", "error", "SystemExit", "no"),
        ("import sys; sys.exit(0)", "ok", "", ""),
        ("exit()", "ok", "", ""),
        ("raise ValueError('wrong')", "error", "ValueError", "wrong"),
        ("input('name?')", "error", "EOFError", "EOF when reading a line"),
        ("import os; os._exit(4)", "error", "SystemExit", "4"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "died", "SIGSEGV", "ended by SIGSEGV"),
        ("def f(:\n  pass", "error", "SyntaxError", "invalid syntax"),
        ("\0", "error", "SyntaxError", "null bytes"),
        ("x = '\udc80'", "error", "SyntaxError", "utf-8"),
        ("raise KeyboardInterrupt", "error", "KeyboardInterrupt", ""),
        ("def f(n): return f(n + 1)\nf(0)", "error", "RecursionError", "maximum recursion depth"),
        ("raise Exception('\\udc80 lone')", "error", "Exception", "\\udc80 lone"),
        ("import socket; socket.create_connection(('127.0.0.1', 9))", "error", "PermissionError", ""),
    ],
)
async def test_how_a_program_ends(executor: Executor, code: str, status: str, name: str, text: str) -> None:
    result = await executor.run(code)
    assert (result.status, result.error_name) == (status, name)
    assert text in result.error_text
    assert (await executor.run("print(41 + 1)")).stdout == "42\n"


async def test_the_traceback_holds_the_program_alone(executor: Executor) -> None:
    result = await executor.run("import json\n\ndef parse(text):\n    return json.loads(text)\n\nparse('{')")
    assert result.error_name == "JSONDecodeError"
    assert 'File "program.py", line 6, in <module>' in result.traceback
    assert 'File "program.py", line 4, in parse\n    return json.loads(text)' in result.traceback
    assert result.traceback.count("File ") == 2
    assert "json/decoder.py" in result.stderr
    assert "worker" not in result.stderr
    assert "\x1b" not in result.traceback


@pytest.mark.parametrize(
    ("code", "stdout"),
    [
        ("print('\\udc80')", "\\udc80\n"),
        ("import sys; _ = sys.stdout.buffer.write(b'\\xff\\n')", "\\xff\n"),
        ("print('grüße 🎈')", "grüße 🎈\n"),
        ("print('a\\x00\\x1b[31mb')", "a\x00\x1b[31mb\n"),
        ("import asyncio\nasync def f(): print('z')\nasyncio.run(f())", "z\n"),
        ("import threading\nthreading.Thread(target=lambda: print('t')).start()", "t\n"),
        ("import atexit\natexit.register(print, 'bye')\nprint('hi')", "hi\nbye\n"),
        ("import subprocess, sys\nsys.stdout.flush()\nsubprocess.run(['echo', 'sub'])\nNone", "sub\n"),
        (
            "from multiprocessing import Pool as P\ndef f(x): return x * x\nif __name__ == '__main__': print(P(2).map(f, range(4)))",
            "[0, 1, 4, 9]\n",
        ),
        (
            "from concurrent.futures import ThreadPoolExecutor as T\nwith T(2) as t: print(list(t.map(abs, [-1])))",
            "[1]\n",
        ),
        ("from __future__ import annotations\nprint(1)\nNone", "1\n"),
    ],
)
async def test_odd_output_survives(executor: Executor, code: str, stdout: str) -> None:
    result = await executor.run(code)
    assert result.ok, result.stderr
    assert result.stdout == stdout


async def test_a_flood_is_cut_in_the_middle_and_counted(executor: Executor) -> None:
    result = await executor.run("for i in range(1_000_000): print(i)", timeout=60)
    assert result.ok
    assert result.stdout.startswith("0\n1\n2\n")
    assert result.stdout.endswith("999998\n999999\n")
    assert len(result.stdout) < 70_000
    assert result.cut == {"stdout": 6_888_890 - 2 * 32 * 1024}
    assert f"[... {result.cut['stdout']} bytes cut ...]" in result.stdout


async def test_rich_output_is_bounded(executor: Executor) -> None:
    result = await executor.run(
        "for i in range(100): display(i)\nclass H:\n  def _repr_html_(s): return 'x' * 3_000_000\nH()"
    )
    assert len(result.outputs) == 64
    assert result.cut["outputs"] > 3_000_000


async def test_concurrent_runs_take_turns(executor: Executor) -> None:
    import asyncio

    results = await asyncio.gather(*(executor.run(f"print({number})") for number in range(4)))
    assert [result.stdout for result in results] == ["0\n", "1\n", "2\n", "3\n"]


async def test_limits_of_one_run_do_not_stay(executor: Executor) -> None:
    small = await executor.run("print('x' * 100)", limits=Limits(output_bytes=10))
    assert small.cut == {"stdout": 81}
    assert (await executor.run("print('x' * 100)")).cut == {}


async def test_figures_and_libraries_are_preloaded_while_idle(leak_check: None) -> None:
    import asyncio

    async with open_executor(preload=("fractions", "no_such_library_here", "colorsys")) as executor:
        assert (await executor.run("pass")).ok
        for _ in range(100):
            result = await executor.run("import sys\nprint('colorsys' in sys.modules)")
            if result.stdout == "True\n":
                break
            await asyncio.sleep(0.1)
        assert result.stdout == "True\n"


async def test_charts_are_shown_in_their_own_types(executor: Executor) -> None:
    pytest.importorskip("altair")
    pytest.importorskip("plotly")
    code = (
        "import plotly.graph_objects as go, altair as alt\n"
        "fig = go.Figure(go.Bar(y=[1, 2]))\nfig.show()\ndisplay(fig)\n"
        "alt.Chart(alt.Data(values=[{'a': 1}])).mark_bar().encode(x='a:Q')"
    )
    result = await executor.run(code)
    assert result.ok, result.stderr
    shown = [set(output.data) - {"text/plain"} for output in result.outputs]
    assert shown[:2] == [{"application/vnd.plotly.v1+json"}] * 2
    (vega,) = shown[2]
    assert vega.startswith("application/vnd.vegalite.v")
    assert [output.kind for output in result.outputs[1:]] == ["figure", "figure"]


async def test_a_chart_that_is_too_large_is_counted(executor: Executor) -> None:
    code = "display({'application/vnd.plotly.v1+json': {'data': [{'y': [0.123456789] * 200_000}]}}, raw=True)"
    result = await executor.run(code)
    assert result.ok
    assert result.outputs == []
    assert result.cut["outputs"] > 1_000_000
