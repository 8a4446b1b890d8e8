"""Date Understanding: every kind of story, two calendars that agree, published stories by rule where they are clear."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem
from codesteer_kernel.symbench.told_dates import asked_move, read_date, today_of

TASK = symbench.get("date_understanding")
STORIES = [name for name in TASK.knobs["stories"].choices if name not in ("any", "easy", "traps")]
PIZZA = "Yesterday, Jan 21, 2011, Jane ate 2 pizzas and 5 wings. What is the date 10 days ago in MM/DD/YYYY?"
OPTIONS = "\nOptions:\n(A) 01/18/2011\n(B) 01/12/2011\n(C) 01/12/2069"


def load(story: str, target: str, options: str = OPTIONS) -> Problem:
    return TASK.load({"task": TASK.name, "question": story + options, "payload": {"target": target}, "sample_id": "s"})


@pytest.mark.parametrize("story", STORIES)
@given(seed=st.integers(0, 10**9))
def test_two_calendars_agree_on_every_story(story: str, seed: int) -> None:
    problem = TASK.generate(seed, {"stories": story, "moves": 2, "span": 500, "options": 0})
    assert TASK.solve(problem) == [problem.reference]
    assert TASK.verify(problem, f"<<<{problem.reference}>>>").correct


@pytest.mark.parametrize(
    "answer", ["(B)", "B", "b)", "(B) 01/12/2011", "01/12/2011", "2011-01-12", "January 12, 2011", "12 Jan 2011"]
)
def test_layouts_are_read(answer: str) -> None:
    assert TASK.verify(load(PIZZA, "(B)"), f"<<<{answer}>>>").correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("(A)", "not_goal"),
        ("(A) 01/12/2011", "rule:option"),
        ("(B) 01/18/2011", "rule:option"),
        ("(Z)", "rule:option"),
        ("01/13/2011", "rule:option"),
        ("A, B, C", "unreadable"),
        ("01/12", "unreadable"),
        ("soon", "unreadable"),
    ],
)
def test_refusals_name_their_code(answer: str, code: str) -> None:
    assert TASK.verify(load(PIZZA, "(B)"), f"<<<{answer}>>>").code == code


def test_without_options_the_date_itself_is_read() -> None:
    payload = {"story": ["plain", [2000, 2, 28]], "moves": [["day", 1]], "who": 0, "options": []}
    problem = Problem(TASK.name, TASK.version, None, {}, TASK.ask(payload), payload, "")
    assert TASK.verify(problem, "<<<02/29/2000>>>").correct
    assert TASK.verify(problem, "<<<Feb 29, 2000>>>").correct
    assert TASK.verify(problem, "<<<03/01/2000>>>").code == "not_goal"
    assert TASK.verify(problem, "<<<29/02/2000>>>").code == "unreadable"


def test_a_wrong_stored_answer_does_not_count() -> None:
    problem = load(PIZZA, "(A)")
    assert problem.reference == "(B)"
    assert not TASK.verify(problem, "<<<(A)>>>").correct


def test_an_unknown_story_is_judged_by_its_stored_answer() -> None:
    problem = load("On the day the mill burned Jane was nine. What is the date today in MM/DD/YYYY?", "(C)")
    assert TASK.verify(problem, "<<<C>>>").correct
    assert TASK.solve(problem) == ["(C)"]
    with pytest.raises(ValueError, match="options"):
        load(PIZZA, "(B)", "")


@pytest.mark.parametrize(
    ("story", "today"),
    [
        ("Today is Christmas Eve of 1937. What", date(1937, 12, 24)),
        ("It is 4/19/1969 today. What", date(1969, 4, 19)),
        ("The day before yesterday was 11/23/1933. What", date(1933, 11, 25)),
        (
            "Jane thinks today is 6/18/2019, but John thinks today is 6/19/2019. John is correct. What",
            date(2019, 6, 19),
        ),
        ("Today is the last day of the first quarter of 2008. What", date(2008, 3, 31)),
        ("It was Sept. 1st, 2021 a week ago. What", date(2021, 9, 8)),
        ("May 6, 1992 is like yesterday to Jane, but that is actually ten years ago. What", date(2002, 5, 6)),
        ("Jane and John married on Jan 2, 1958. It is their 5-year anniversary today. What", date(1963, 1, 2)),
        (
            "In the US, Thanksgiving is on the fourth Thursday of November. Today is the US Thanksgiving of 2001. What",
            date(2001, 11, 22),
        ),
        ("2015 is coming in 36 hours. What", date(2014, 12, 30)),
        ("Jane quited her job on Mar 20, 2020. 176 days have passed since then. What", date(2020, 9, 12)),
        ("The first day of 2019 is a Tuesday, and today is the first Monday of 2019. What", date(2019, 1, 7)),
        ("The deadline is Jun 1, 2021, which is 2 days away from now. What", date(2021, 5, 30)),
        ("Jane scheduled 3 apointments with 5 poeple for tomorrow (Tue, 7/9/1972). What", date(1972, 7, 8)),
        ("Today is 9/7. Jane is watching NFL 2003. What", date(2003, 9, 7)),
        ("Nothing is told here. What", None),
        ("Today is Foo 3, 1999. What", None),
    ],
)
def test_published_stories(story: str, today: date | None) -> None:
    assert today_of(story) == today


@pytest.mark.parametrize(
    ("asked", "move"),
    [
        ("one week ago from today", ("week", -1)),
        ("one year ago from today", ("year", -1)),
        ("a month ago", ("month", -1)),
        ("10 days ago", ("day", -10)),
        ("24 hours later", ("day", 1)),
        ("today", ("day", 0)),
        ("of the wedding", None),
    ],
)
def test_what_is_asked(asked: str, move: tuple[str, int] | None) -> None:
    assert asked_move(f"What is the date {asked} in MM/DD/YYYY?") == move


def test_dates_that_are_none() -> None:
    for text in ("02/30/2001", "13/01/2001", "2001", "Foo 3, 2001", "May 3", "0/0/0000", ""):
        assert read_date(text) is None
