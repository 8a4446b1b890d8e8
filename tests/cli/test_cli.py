"""``codesteer`` in a shell: what it prints where, and its exit codes."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from codesteer_kernel import __version__
from codesteer_kernel.cli import main
from codesteer_kernel.record import MIME_TYPE, Question, Record, decode_record, encode_record
from codesteer_kernel.store import Store
from tests.run.scripts import CHECK, WIRES, model, program, say, script, two_rounds
from tests.scripted import Reply, serving_in_thread
from tests.terminal import interruptible

PROMPT = "What is the sum of the squares of 1 to 10?"
Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _own_home(home: Path) -> None:
    """Every test journals into a folder of its own."""


def shell(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as the entry point starts it."""
    command = [sys.executable, "-m", "codesteer_kernel.cli", *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)


# -- words


@pytest.mark.parametrize("word", ["--version", "-V"])
def test_version(word: str, capsys: Output) -> None:
    assert main([word]) == 0
    assert capsys.readouterr().out == f"codesteer {__version__}\n"


@pytest.mark.parametrize("words", [[], ["help"], ["--help"], ["-h"], ["solve", "--help"], ["models", "-h"]])
def test_help_names_every_command_and_option(words: list[str], capsys: Output) -> None:
    assert main(words) == 0
    text = capsys.readouterr().out
    commands = ("solve", "models", "pull", "runs", "show", "export", "replay", "pin", "rm", "status", "doctor")
    for word in (*commands, "--target", "--rounds", "Exit codes"):
        assert word in text


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["slove"], "solve"),
        (["frobnicate"], "codesteer help"),
        (["solve", "--rouds", "3", "x"], "--rounds"),
        (["solve", "--rounds", "many", "x"], "many"),
        (["solve", "--target", "opneai/x", "x"], "openai"),
        (["solve", "--target", "openai/gpt-5", "x"], "OPENAI_API_KEY"),
        (["solve", "--in", "table", "x"], "no file"),
        (["solve", "--out", "table", "x"], "cell"),
        (["solve", ""], "empty"),
        (["solve", "--profile", "nosuch", "x"], "config.toml"),
        (["runs", "many"], "many"),
        (["show", "nothing"], "nothing"),
        (["show", "--jsn"], "--json"),
        (["export", "nothing"], "nothing"),
        (["replay", "nothing"], "nothing"),
        (["replay", "--speed", "0"], "speed"),
        (["check", "What?"], "line of ---"),
        (["check", "What?", "--answer", " "], "no answer"),
        (["check", "What?", "--answer", "4", "--program", "x.py"], "--program"),
        (["check", "What?", "--program", "nosuch.py"], "nosuch.py"),
        (["check", "What?", "--answer", "4", "--checker", "none"], "--checker none"),
        (["rm"], "Name the runs"),
        (["rm", "nothing"], "nothing"),
        (["pin", "nothing"], "nothing"),
    ],
)
def test_bad_input_is_one_line_on_stderr(words: list[str], part: str, capsys: Output) -> None:
    code = main(words)
    out, err = capsys.readouterr()
    assert code == (1 if "OPENAI_API_KEY" in err else 2)
    assert out == ""
    assert part in err
    assert err.startswith("codesteer: ")
    assert len(err.splitlines()) == 1


def test_models_are_a_table_that_holds_no_key(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    assert main(["models"]) == 0
    text = capsys.readouterr().out
    assert "OPENAI_API_KEY (found)" in text
    assert "ANTHROPIC_API_KEY (missing)" in text
    assert "sk-canary" not in text
    for name in ("local/qwen2.5-coder-1.5b", "local/qwen2.5-coder-0.5b", "anthropic/...", "openai/...", "hf/ORG/NAME"):
        assert name in text
    assert sum(" *" in line for line in text.splitlines()[:-1]) == 1


def test_status_says_where_things_are(capsys: Output, home: Path) -> None:
    assert main(["status"]) == 0
    text = capsys.readouterr().out
    assert str(home / "runs") in text
    assert "0 runs, 0.0 of 500 MB" in text


@pytest.mark.kernel
def test_the_doctor_finds_what_the_main_job_needs(capsys: Output) -> None:
    code = main(["doctor"])
    text = capsys.readouterr().out
    assert "child kernel: works" in text
    assert code == (1 if "FAULT" in text else 0)
    for subject in ("python", "ipykernel", "widget", "cache", "journal", "memory", "keys"):
        assert subject in text


# -- the Tab key


def test_bash_completes_commands_options_models_and_runs(tmp_path: Path) -> None:
    run_id = a_kept_run()
    (tmp_path / "codesteer").write_text(f'#!/bin/sh\nexec {sys.executable} -m codesteer_kernel.cli "$@"\n')
    (tmp_path / "codesteer").chmod(0o755)
    ask = """
eval "$(codesteer completion bash)"
tab() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _codesteer; echo "${COMPREPLY[*]}"; }
tab codesteer mod; tab codesteer solve --tar; tab codesteer solve --target local/smol; tab codesteer show "$RUN"
tab codesteer solve --start ""; tab codesteer solve --in nosuchfile
"""
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "RUN": run_id[:-3]}
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, timeout=60, env=environment, check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["models", "--target", "local/smollm2-135m", run_id, "code text", ""]


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(name: str, capsys: Output) -> None:
    assert main(["completion", name]) == 0
    assert "codesteer --complete" in capsys.readouterr().out
    assert main(["completion"]) == 2


# -- checks


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("words", "text", "code", "told"),
    [
        ([PROMPT, "--answer", "385"], "", 0, "Checked: the test passed."),
        ([PROMPT, "--answer", "55"], "", 1, "Checked: the test failed: the sum is 385."),
        ([PROMPT, "--answer", "many"], "", 4, "could not run"),
        ([], f"{PROMPT}\n---\nI think so.\nAnswer: 385", 0, "passed"),
        ([], f"{PROMPT}\n```python\nprint(sum(range(11)))\n```", 1, "failed"),
        ([], f"{PROMPT}\n```python\n1 / 0\n```", 1, "did not end well"),
    ],
)
def test_an_answer_is_checked_and_nothing_is_steered(words: list[str], text: str, code: int, told: str) -> None:
    with serving_in_thread([Reply(CHECK, times=None)]) as server:
        done = shell("check", *words, "--target", model(server), text=text)
        assert all("function check(answer" in one.last_user or "failed" in one.last_user for one in server.requests)
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    record = Store().load("last")
    assert (record.status, record.config.check_only, len(record.rounds)) == ("done", True, 1)
    assert record.question.prompt == PROMPT


@pytest.mark.kernel
def test_a_program_is_checked_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "squares.py"
    path.write_text("print(sum(n * n for n in range(1, 11)))\n")
    with serving_in_thread([Reply(CHECK, times=None)]) as server:
        done = shell("check", PROMPT, "--program", str(path), "--target", model(server), "--json")
    record = decode_record(done.stdout)
    (round_,) = record.rounds
    assert (done.returncode, round_.answer.code, round_.result) == (0, path.read_text().strip(), "385")
    assert round_.symbolic is not None
    assert round_.self_answer is not None
    assert (round_.symbolic.suspicious, round_.self_answer.verdict) == (False, "pass")
    assert record.support is not None
    assert record.support.level == "verified"


# -- runs


@pytest.mark.kernel
@pytest.mark.parametrize("wire", WIRES)
def test_solve_prints_the_answer_on_stdout_and_the_rounds_on_stderr(wire: str) -> None:
    with serving_in_thread(two_rounds()) as server:
        done = shell("solve", PROMPT, "--target", model(server, wire), "--time")
    assert (done.returncode, done.stdout) == (0, "385\n")
    for part in ("Round 1", "Round 2", "the sum is 385", "Checked by a program", "model calls", "Time: "):
        assert part in done.stderr
    assert "Warning" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.kernel
def test_json_is_the_whole_stdout() -> None:
    with serving_in_thread(two_rounds()) as server:
        done = shell("solve", "--json", "--quiet", "--target", model(server), PROMPT)
    record = decode_record(done.stdout)
    assert (done.returncode, record.status, done.stderr) == (0, "done", "")
    assert record == Store().load("last")


@pytest.mark.kernel
def test_the_question_can_come_from_a_pipe_and_hold_anything() -> None:
    prompt = "-5 + 3 = {x} $y --target\nand more?"
    with serving_in_thread(script([say("text"), say("return")] * 2, ["Answer: -2"] * 2)) as server:
        piped = shell("solve", "--quiet", "--target", model(server), text=prompt)
        given = shell("solve", "--quiet", "--target", model(server), "--", prompt)
        assert (piped.stdout, given.stdout) == ("Answer: -2\n", "Answer: -2\n"), piped.stderr + given.stderr
        assert all(any(prompt in text for _, text in request.turns) for request in server.requests)


@pytest.mark.kernel
def test_programs_have_the_tables_of_files_as_frames(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("n,secret name\n1,canary-a\n2,canary-b\n39,canary-c\n")
    (tmp_path / "rates 2026.jsonl").write_text('{"rate": 10}\n')
    source = "print(int(data['n'].sum()) * int(rates['rate'][0]), type(data).__name__)"
    with serving_in_thread(script([say("code"), say("return")], [program(source)], "I cannot.")) as server:
        files = ["--in", str(tmp_path / "data.csv"), "--in", f"rates={tmp_path}/rates 2026.jsonl", "--hide", "secret*"]
        done = shell("solve", *files, "--target", model(server), "What is it?")
        told = "\n".join(text for request in server.requests for _, text in request.turns)
    assert (done.returncode, done.stdout) == (0, "420 DataFrame\n"), done.stderr
    assert "secret name" in told
    assert "canary" not in told
    inputs = Store().load("last").question.inputs
    assert [(one.name, one.shape) for one in inputs] == [("data", "3 x 2"), ("rates", "1 x 1")]


@pytest.mark.kernel
def test_in_a_terminal_rounds_are_drawn_and_plain_is_lines() -> None:
    with serving_in_thread([*two_rounds(), *two_rounds()]) as server:
        drawn = in_a_terminal("solve", PROMPT, "--target", model(server))
        plain = in_a_terminal("solve", PROMPT, "--plain", "--target", model(server))
    assert drawn.count("╭") >= 3
    for part in ("Round 1", "Round 2", "the sum is 385", "Checked by a program", "385"):
        assert part in drawn
        assert part in plain
    assert "╭" not in plain


def in_a_terminal(*arguments: str) -> str:
    """What the command writes to a terminal of 100 columns."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    command = [sys.executable, "-m", "codesteer_kernel.cli", *arguments]
    environment = os.environ | {"TERM": "xterm-256color"}
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=environment)
    os.close(its)
    written = b""
    # At its end a terminal of Linux is an error to its reader.
    with contextlib.suppress(OSError):
        while part := os.read(ours, 65536):
            written += part
    os.close(ours)
    assert process.wait(timeout=60) == 0, written.decode()
    return written.decode()


@pytest.mark.parametrize("form", [[], ["--markdown"], ["--html"], ["--json"]])
def test_a_run_that_is_shown_does_not_drive_the_terminal(
    form: list[str], home: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Record(id="stranger", status="done", question=Question(prompt="\x1b]0;title\x07\x1b[2Jhello\x9b31m"))
    (home / "runs").mkdir(parents=True)
    (home / "runs" / "stranger.json").write_bytes(encode_record(record))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(["show", "stranger", *form]) == 0
    shown = capsys.readouterr().out
    assert "hello" in shown
    assert not {"\x1b", "\x07", "\x9b"} & set(shown)


@pytest.mark.kernel
def test_runs_are_listed_and_shown_again(capsys: Output) -> None:
    assert main(["runs"]) == 0
    assert "No run" in capsys.readouterr().out
    assert main(["show"]) == 2
    capsys.readouterr()
    with serving_in_thread(two_rounds()) as server:
        assert main(["solve", "--quiet", "--target", model(server), PROMPT]) == 0
    capsys.readouterr()
    run_id = Store().rows()[0].id
    assert main(["runs", "5"]) == 0
    listed = capsys.readouterr().out
    assert run_id in listed
    assert "385" in listed
    for words, part in (
        (["show"], "Answer: 385"),
        (["show", run_id[:16]], "Round 2"),
        (["show", "--html", "last"], "<details"),
        (["show", run_id, "--markdown"], "#### Round 2"),
        (["show", "--json"], '"schema":1'),
    ):
        assert main(words) == 0
        assert part in capsys.readouterr().out
    assert MIME_TYPE not in listed


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("replies", "options", "code"),
    [
        (script([say("text")], [Reply(status=400, error="on holiday")]), [], 1),
        (script([say("code"), say("refine", "x")], [program("print(5)")], "No."), ["--rounds", "1"], 3),
        (script([say("text"), say("terminate")], [""]), [], 1),
    ],
    ids=["failed", "exhausted", "no answer"],
)
def test_the_exit_code_says_how_it_ended(replies: list[Reply], options: list[str], code: int, capsys: Output) -> None:
    with serving_in_thread(replies) as server:
        assert main(["solve", "--target", model(server), *options, "?"]) == code
    out, err = capsys.readouterr()
    assert out == ("5\n" if code == 3 else "")
    assert ("on holiday" in err) or ("budget" in err) or ("without an answer" in err)


@pytest.mark.kernel
def test_ctrl_c_stops_the_run_keeps_it_and_exits_130() -> None:
    with serving_in_thread(script([say("text")], [Reply("one two three", hang_after=2)])) as server:
        command = [sys.executable, "-m", "codesteer_kernel.cli", "solve", "--target", model(server), "Count."]
        process = interruptible(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ)
        end = time.monotonic() + 30
        while not (len(server.requests) > 1 and server.requests[-1].pieces_sent == 2):
            assert time.monotonic() < end
            time.sleep(0.05)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert server.requests[-1].disconnected
    assert (process.returncode, out) == (130, "")
    assert "Stopped" in err
    assert "Traceback" not in err
    record = Store().load("last")
    assert (record.status, record.rounds[0].answer.text.split()) == ("stopped", ["one", "two"])


def test_a_reader_that_goes_away_is_no_fault() -> None:
    command = f"{sys.executable} -m codesteer_kernel.cli help | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout.startswith("codesteer:")
    assert done.stderr == ""


def a_kept_run(name: str = "done") -> str:
    """One of the sample runs, as if it had been steered here."""
    sample = Path(__file__).parents[1] / "record" / "samples" / "v1" / f"{name}.json"
    record = decode_record(sample.read_bytes())
    Store().open(record.id).close(record)
    return record.id


def test_a_run_is_exported_and_the_program_runs(tmp_path: Path, capsys: Output) -> None:
    run_id = a_kept_run()
    path = tmp_path / "answer.py"
    assert main(["export", "-o", str(path)]) == 0
    assert capsys.readouterr().out == f"{run_id} is in {path}\n"
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "385\n"
    assert main(["export", run_id, "-o", str(path)]) == 2
    assert "--force" in capsys.readouterr().err
    assert main(["export", run_id, "-o", str(path), "--force"]) == 0
    capsys.readouterr()
    assert main(["export", run_id, "--format", "html", "-o", "-"]) == 0
    assert capsys.readouterr().out.startswith("<!doctype html>")


def test_a_run_is_replayed_kept_and_deleted(capsys: Output) -> None:
    run_id = a_kept_run()
    assert main(["replay", run_id, "--speed", "inf"]) == 0
    text = capsys.readouterr().out
    assert text.index("Question") < text.index("Round 1") < text.index("Round 2") < text.index("Answer: 385")
    assert main(["pin"]) == 0
    assert main(["runs"]) == 0
    assert f"{run_id} *" in capsys.readouterr().out
    assert main(["rm", run_id[:12]]) == 0
    assert f"{run_id} was deleted." in capsys.readouterr().out
    assert main(["runs"]) == 0
    assert "No run" in capsys.readouterr().out


def test_output_is_json_that_other_tools_read(capsys: Output) -> None:
    Store().open("20260101-000000-aaaaaa").close(decode_record('{"schema": 1, "id": "20260101-000000-aaaaaa"}'))
    assert main(["show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == "20260101-000000-aaaaaa"
