"""The options of a run, as typed in a cell or a shell."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.errors import BadConfig, BadInput, CodeSteerError, UnknownName
from codesteer_kernel.option_table import GROUPS, OPTIONS, help_text, typed
from codesteer_kernel.options import parse_options, question_and_answer
from codesteer_kernel.record import Record, RunConfig
from codesteer_kernel.run import RunSettings, settings_of


def test_nothing_said_is_the_defaults() -> None:
    assert parse_options("").settings == RunSettings()
    chosen = RunSettings(target="local/x", rounds=2)
    assert parse_options("--seed 4", defaults=chosen).settings == RunSettings(target="local/x", rounds=2, seed=4)


def test_every_option_reaches_its_setting() -> None:
    line = (
        "--target a/b --steerer c/d --checker none --rounds 3 --timeout 60 --tokens 9000 --cost 0.5 --max-tokens 99 "
        "--code-timeout 7.5 --memory 512 --temperature 0.3 --seed -1 --dialect instruct --no-journal"
    )
    assert parse_options(line).settings == RunSettings(
        target="a/b",
        steerer="c/d",
        checker="none",
        rounds=3,
        seconds=60,
        tokens=9000,
        cost=0.5,
        max_tokens=99,
        code_seconds=7.5,
        memory_mb=512,
        temperature=0.3,
        seed=-1,
        dialect="instruct",
        journal=False,
    )


def test_names_may_be_listed_or_repeated() -> None:
    options = parse_options("--in a,b --in c --out 'd e' --out=f")
    assert (options.inputs, options.outputs) == (("a", "b", "c"), ("d", "e", "f"))
    assert parse_options("--without symbolic --without 'stop'").settings.without == ("symbolic", "stop")
    assert parse_options("--without symbolic,stop").settings.without == ("symbolic", "stop")


def test_a_record_gives_back_the_parts_that_were_left_out() -> None:
    settings = settings_of(Record(config=RunConfig(without=["symbolic", "self-answer"])))
    assert (settings.without, settings.checker) == (("symbolic",), "none")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["what", "is", "it"], ("what", "is", "it")),
        (["-5 + 3?"], ("-5 + 3?",)),
        (["-5"], ("-5",)),
        (["--rounds", "2", "--", "--rounds"], ("--rounds",)),
        (["-x is what?"], ("-x is what?",)),
        (["--", "-x"], ("-x",)),
        (["{a} $b"], ("{a} $b",)),
    ],
)
def test_words_are_told_from_options(arguments: list[str], words: tuple[str, ...]) -> None:
    assert parse_options(arguments).words == words


@pytest.mark.parametrize(
    ("line", "fault", "part"),
    [
        ("--rouds 3", UnknownName, "--rounds"),
        ("--round 3", UnknownName, "--rounds"),
        ("--Target x", UnknownName, "--target"),
        ("-z", UnknownName, "-z"),
        ("--rounds", BadInput, "rounds"),
        ("--rounds x", BadInput, "x"),
        ("--timeout soon", BadInput, "soon"),
        ("--target 'x", BadInput, "quotation"),
    ],
)
def test_a_fault_names_the_option(line: str, fault: type[Exception], part: str) -> None:
    with pytest.raises(fault) as caught:
        parse_options(line)
    assert part in str(caught.value)


def test_help_says_one_line_for_each_option() -> None:
    text = help_text()
    for name in RunSettings.__struct_fields__:
        assert f"  {typed(name)}" in text, name
    assert [title for title in GROUPS.values() if f"{title}:" in text] == [*GROUPS.values()][:-1]
    for one in OPTIONS:
        assert (f"  {one.names[0]}" in text) == (one.group != "shell")
        assert f"  {one.names[0]}" in help_text(in_shell=True)
    assert max(map(len, text.splitlines())) <= 120


def test_what_only_a_shell_has_is_no_option_of_a_cell() -> None:
    assert parse_options("--plain --answer 7", in_shell=True).answer == "7"
    for option in ("--plain", "--answer 7", "--program x.py"):
        with pytest.raises(UnknownName):
            parse_options(option)


@pytest.mark.parametrize(
    ("text", "question", "given"),
    [
        ("What is 2 + 2?\n---\n4", "What is 2 + 2?", "4"),
        ("What\n\nis it?\n-----  \n\n4\n---\n5\n", "What\n\nis it?", "4\n---\n5"),
        ("Sum?\n```python\nprint(4)\n```", "Sum?", "```python\nprint(4)\n```"),
        ("A table\n|---|\nis it?\n---\n4", "A table\n|---|\nis it?", "4"),
    ],
)
def test_a_question_and_its_answer_are_parted(text: str, question: str, given: str) -> None:
    assert question_and_answer(text) == (question, given)


@pytest.mark.parametrize("text", ["", "What is it?", "What?\n---\n", "---\n4", "```python\nprint(4)\n```"])
def test_a_text_that_lacks_a_question_or_an_answer_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="line of ---"):
        question_and_answer(text)


# -- profiles


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's file of names."""
    path = tmp_path / "own.toml"
    monkeypatch.setenv("CODESTEER_CONFIG", str(path))
    return path


def test_a_profile_is_options_that_typed_ones_win_over(own: Path) -> None:
    own.write_text(
        """
        [profiles.thrifty]
        target = "ollama/x"
        steerer = "local/0.5b"
        checker = "none"
        rounds = 2
        code-timeout = 7.5
        no-journal = true
        """
    )
    settings = parse_options("--profile thrifty").settings
    assert settings == RunSettings(
        target="ollama/x", steerer="local/0.5b", checker="none", rounds=2, code_seconds=7.5, journal=False
    )
    options = parse_options(
        "--rounds 4 --profile=thrifty --in a 'a question'", defaults=RunSettings(seconds=9, rounds=1)
    )
    assert (options.settings.rounds, options.settings.seconds, options.settings.target) == (4, 9, "ollama/x")
    assert (options.inputs, options.words) == (("a",), ("a question",))


@pytest.mark.parametrize(
    ("text", "fault", "parts"),
    [
        ("", UnknownName, ["'p'", "[profiles.NAME]"]),
        ("[profiles.pp]", UnknownName, ["Did you mean 'pp'?"]),
        ("[profiles.p]\nround = 3", BadConfig, ["[profiles.p]", "'round'", "Did you mean 'rounds'?"]),
        ("[profiles.p]\nin = 'x'", BadConfig, ["'in'"]),
        ("[profiles.p]\nprofile = 'q'", BadConfig, ["'profile'"]),
        ("[profiles.p]\nrounds = 'many'", BadConfig, ["[profiles.p]", "--rounds", "many"]),
        ("[profiles.p]\nrounds = true", BadConfig, ["rounds cannot be True"]),
        ("[profiles.p]\nrounds = [1]", BadConfig, ["rounds cannot be [1]"]),
        ("[profiles.p]\nno-journal = 3", BadConfig, ["no-journal cannot be 3"]),
        ("[profiles]\np = 3", BadConfig, ["[profiles.p]"]),
        ("[profiles.p]\ntarget = 'sk-abcdefghijklmnop0123'", BadConfig, ["[profiles.p] target", "key"]),
    ],
)
def test_a_fault_of_a_profile_names_file_and_field(
    own: Path, text: str, fault: type[Exception], parts: list[str]
) -> None:
    own.write_text(text)
    with pytest.raises(fault) as caught:
        parse_options("--profile p")
    for part in parts:
        assert part in str(caught.value)
    if fault is BadConfig:
        assert str(own) in str(caught.value)


@given(st.text())
def test_any_line_is_parsed_or_refused(line: str) -> None:
    with contextlib.suppress(CodeSteerError):
        parse_options(line)
