"""codesteer-mini is trained: from runs in folders to a head and a report; with simulated targets and made-up steerers."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from codesteer_kernel.cli import main
from codesteer_kernel.errors import BadInput, UnknownName
from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.jobs import Job
from codesteer_kernel.evaluation.ledger import Ledger, Row
from codesteer_kernel.models.protocol import Abilities, Message, ReadOut, TokenUsage
from codesteer_kernel.record import Question, Record, Round, RunConfig
from codesteer_kernel.run import RunSettings
from codesteer_kernel.steering.head import read_head
from codesteer_kernel.steering.head.file import encode_head
from codesteer_kernel.symbench import get
from codesteer_kernel.symbench.seeds import problem_seed
from codesteer_kernel.training.mini.examples import read_examples
from codesteer_kernel.training.mini.learning import FEWEST, MOST_KNOWN, Rows, learn_choice, learn_right
from codesteer_kernel.training.mini.making import Made, make
from codesteer_kernel.training.mini.measuring import balanced, measured
from codesteer_kernel.training.mini.outcomes import collect_outcomes
from codesteer_kernel.training.mini.readings import reader
from codesteer_kernel.training.mini.regression import fit, folds
from codesteer_kernel.training.mini.report import calibration_plot, page, table, write_report
from tests.steering.rounds import program_round, text_round

SETTINGS = RunSettings(target="simulated/coder", journal=False, code_seconds=5.0)
NAMES = ["q.a", "q.b", "r.c"]


# -- arithmetic


def test_a_planted_rule_is_recovered() -> None:
    chance = np.random.default_rng(1)
    rows = chance.normal(size=(4_000, 3))
    planted = np.array([1.5, -0.7, 0.0, 0.4])
    odds = rows @ planted[:-1] + planted[-1]
    wanted = (chance.random(len(rows)) < 1 / (1 + np.exp(-odds))).astype(float)
    found = fit(rows, wanted, np.ones(len(rows)), penalty=1.0)
    assert found == pytest.approx(planted, abs=0.15)
    # A penalty pulls to what it is told, and one-sided answers end somewhere.
    assert fit(rows, wanted, np.ones(len(rows)), penalty=1e9, around=planted)[:-1] == pytest.approx(
        planted[:-1], abs=1e-3
    )
    assert np.isfinite(fit(rows, np.ones(len(rows)), np.ones(len(rows)), penalty=1.0)).all()


def test_folds_hold_out_whole_tasks_and_all_of_them() -> None:
    groups = ["a"] * 5 + ["b"] * 4 + ["c", "d", "e"] * 2
    parts = folds(groups, 3, seed=0)
    assert np.sum(parts, axis=0).tolist() == [1] * len(groups)
    for part in parts:
        held = {group for group, out in zip(groups, part, strict=True) if out}
        assert held.isdisjoint({group for group, out in zip(groups, part, strict=True) if not out})
    assert [part.tolist() for part in folds(groups, 3, seed=0)] == [part.tolist() for part in parts]


def test_balanced_accuracy_is_half_for_who_always_says_the_same() -> None:
    wanted = [True] * 8 + [False] * 2
    constant = balanced([True] * 10, wanted)
    assert constant is not None
    assert (constant.value, constant.low, constant.high, constant.n) == (0.5, 0.5, 0.5, 10)
    one = measured("x", [0.9] * 7 + [0.1] * 3, wanted)
    assert one is not None
    assert (one.confusion, one.accuracy.value) == (((7, 1), (0, 2)), 0.9)
    assert one.balanced is not None
    assert one.balanced.low < one.balanced.value == pytest.approx((7 / 8 + 1) / 2)
    assert balanced([True], [True]) is None


def test_ranking_is_how_often_a_yes_stands_above_a_no() -> None:
    for chances, share in (([0.2, 0.3, 0.1], 1.0), ([0.2, 0.3, 0.2], 0.75), ([0.1, 0.1, 0.9], 0.0)):
        one = measured("x", chances, [True, True, False])
        assert one is not None
        assert one.ranking == share
    alone = measured("x", [0.2], [True])
    assert alone is not None
    assert alone.ranking is None
    constant = measured("x", [1.0, 1.0], [True, False], forecasts=False)
    assert constant is not None
    assert constant.ranking is None
    assert measured("x", [], []) is None


# -- learning


def planted(count: int = 240, tasks: int = 12, seed: int = 3) -> Rows:
    """Code is right where q.a is high, text where q.b is; each task has its own mean of r.c, which says nothing."""
    chance = random.Random(seed)
    facts, names, problems, code, text = [], [], [], [], []
    for place in range(count):
        task = place % tasks
        one = {"q.a": chance.gauss(0, 1), "q.b": chance.gauss(0, 1), "r.c": task + chance.gauss(0, 1)}
        facts.append(one)
        names.append(f"task{task}")
        problems.append(f"problem{place}")
        code.append(float(chance.random() < 1 / (1 + np.exp(-2 * one["q.a"]))))
        text.append(float(chance.random() < 1 / (1 + np.exp(-2 * one["q.b"]))))
    return Rows(facts=facts, tasks=names, problems=problems, code=code, text=text)


def test_a_choice_is_learned_from_outcomes_and_holds_on_tasks_never_seen() -> None:
    rows = planted()
    learned = learn_choice(rows, NAMES)
    code, text = ({"q.a": side, "q.b": -side, "r.c": 5.0} for side in (1.5, -1.5))
    assert learned.likeness.log_odds(code) > 0.5
    assert learned.likeness.log_odds(text) < -0.5
    decisive = [place for place, one in enumerate(rows.code) if one != rows.text[place]]
    for held_out in (learned.by_problem, learned.by_task):
        hits = sum((held_out[place] > 0) == (rows.code[place] > rows.text[place]) for place in decisive)
        assert hits / len(decisive) > 0.7
    assert learned.told["decisive"] == len(decisive)


def test_equal_data_and_seed_make_equal_heads_whatever_is_kept_of_preference_tuning() -> None:
    one, other = learn_choice(planted(), NAMES, seed=5), learn_choice(planted(), NAMES, seed=5)
    assert one == other
    better = one.told["held_out_loss_preference"] < one.told["held_out_loss_outcomes"]  # type: ignore[operator]
    assert better or not one.told["preference_kept"]


def test_the_task_itself_helps_on_its_own_problems_and_says_nothing_of_other_tasks() -> None:
    chance = random.Random(4)
    tasks = [f"task{place % 10}" for place in range(200)]
    facts = [{f"q.{n}": float(task == f"task{n}") for n in range(10)} for task in tasks]
    code = [float(int(task[4:]) % 2) if chance.random() < 0.9 else 0.5 for task in tasks]
    rows = Rows(facts, tasks, [str(place) for place in range(200)], code, [1 - one for one in code])
    learned = learn_choice(rows, list(facts[0]))
    decisive = [place for place, one in enumerate(code) if one != 0.5]
    assert all((learned.by_problem[place] > 0) == (code[place] > 0.5) for place in decisive)
    assert min(abs(learned.by_problem[place]) for place in decisive) > 1
    assert max(map(abs, learned.by_task)) < 0.7, "a task that is like no other gets what was oftener right"
    assert learned.likeness.log_odds(dict.fromkeys(facts[0], 0.5)) == pytest.approx(learned.likeness.bias, abs=0.05)


def test_a_head_keeps_a_bounded_number_of_cases_of_all_tasks() -> None:
    learned = learn_choice(planted(count=2 * MOST_KNOWN), NAMES)
    assert len(learned.likeness.known) <= MOST_KNOWN
    # r.c has its task's number as its mean, so that cases of the first and of the last task are among the known.
    shown = [one[2] for one in learned.likeness.known]
    assert max(shown) - min(shown) > 3


@pytest.mark.parametrize("code", [[1.0] * 40, [1.0] * (40 - FEWEST + 1) + [0.0] * (FEWEST - 1)])
def test_too_little_to_decide_on_is_refused(code: list[float]) -> None:
    rows = Rows([{"q.a": 0.0}] * 40, ["t", "u"] * 20, [*map(str, range(40))], code, [1 - one for one in code])
    with pytest.raises(BadInput, match="are needed"):
        learn_choice(rows, ["q.a"])
    with pytest.raises(BadInput, match="with a wrong answer"):
        learn_right(rows, ["q.a"])


# -- from folders


def numeric(text: str) -> bool:
    """The planted rule: code is right where a question is full of digits."""
    return sum(map(str.isdigit, text)) / len(text) > 0.03


class Steerer:
    """A model that knows the rule and is biased: it finds text likelier, always, and every answer worth returning."""

    name = "made-up/steerer"
    weights = "ab" * 32
    abilities = Abilities(score=True, local=True)
    context_window: int | None = None

    def __init__(self) -> None:
        self.asked = 0

    async def read_out(self, messages: Sequence[Message], choices: Sequence[str], probes: Sequence[int]) -> ReadOut:
        self.asked += 1
        code = 0.4 if numeric(messages[-2].content) else 0.1
        first = code if "Code>>>" in choices and "Text>>>" in choices else 0.9
        share = dict.fromkeys(choices, (1 - first) / (len(choices) - 1)) | {choices[0]: first}
        return ReadOut(probabilities=share, probes=dict.fromkeys(probes, -1.0), usage=TokenUsage())

    async def single_tokens(self, words: Sequence[str]) -> dict[str, int]:
        return {"Code": 1, "Text": 2}


def attempts(
    folder: Path, tasks: Sequence[str], count: int, right: Callable[[str, int], tuple[bool, bool]], purpose: str
) -> Path:
    """A folder as ``train outcomes`` leaves it, in which ``right`` says which of (code, text) was right."""
    with Ledger(folder) as ledger:
        for name in tasks:
            task = get(name)
            knobs = task.resolve("1")
            for index in range(count):
                seed = problem_seed(purpose, 0, name, index)  # type: ignore[arg-type]
                problem = task.generate(seed, knobs)
                for kind, good in zip(("code", "text"), right(problem.question, index), strict=True):
                    result = problem.reference if good else "nothing of the kind"
                    one: Round = (
                        program_round(1, result) if kind == "code" else text_round(1, result, text=f"<<<{result}>>>")
                    )
                    record = Record(
                        id=f"{name}-{index}-{kind}",
                        status="done",
                        question=Question(prompt=problem.question),
                        config=RunConfig(method=f"first-{kind}"),
                        rounds=[one],
                    )
                    attempt = Attempt(
                        key=record.id,
                        method=f"first-{kind}",
                        target="local/x",
                        task=name,
                        version=problem.version,
                        seed=seed,
                        level="1",
                        knobs=dict(problem.level),
                        run=record.id,
                        correct=good,
                        decisions=[kind],
                    )
                    ledger.append(Row(attempt=attempt, record=record))
    return folder


def by_rule(question: str, index: int) -> tuple[bool, bool]:
    """One way alone is right, by the rule; of every fifth problem both, or neither."""
    return (index % 10 == 0,) * 2 if index % 5 == 0 else (numeric(question), not numeric(question))


SEEN = (
    "gsm_hard",
    "game24",
    "web_of_lies",
    "navigate",
    "pooling",
    "date_understanding",
    "logical_equation",
    "math_geometry",
)


def trained(folder: Path, steerer: Steerer, **more: object) -> Made:
    known = (
        attempts(folder / "train", SEEN, 6, by_rule, "training")
        if not (folder / "train").exists()
        else folder / "train"
    )
    return make(steerer, [known], cache=folder / "cache", **more)  # type: ignore[arg-type]


def test_a_folder_becomes_a_head_that_is_measured_beside_what_it_must_beat(tmp_path: Path) -> None:
    held = attempts(tmp_path / "held", (*SEEN, "letters"), 3, by_rule, "evaluation")
    steerer = Steerer()
    made = trained(tmp_path, steerer, measure=[held], made={"command": "codesteer train mini x"})
    assert made.head.made["targets"] == {"local/x": 96}
    assert made.head.probes == {"Code": 1, "Text": 2}
    assert [one.title for one in made.measurements] == [
        "training, each problem by a head that had not seen it",
        "training, each task by a head that had not seen it",
        "measured",
        "measured, seen tasks",
        "measured, unseen tasks",
    ]
    assert [one.problems for one in made.measurements] == [48, 48, 27, 24, 3]
    names = [one.name for one in made.measurements[2].choice]
    assert names[0].startswith("codesteer-mini: ")
    assert {"untuned choice", "always code", "always text"} <= set(names)
    ours, untuned = (
        next(one for one in made.measurements[3].choice if name in one.name) for name in ("codesteer-mini", "untuned")
    )
    assert ours.balanced is not None
    assert untuned.balanced is not None
    assert ours.balanced.value > 0.8 > untuned.balanced.value == 0.5, "the bias is mended, the knowledge used"
    assert made.measurements[0].situations > 0
    # Asked once: the second time everything is in the cache, and the same bytes come out.
    asked = steerer.asked
    again = trained(tmp_path, steerer, measure=[held], made={"command": "codesteer train mini x"})
    assert steerer.asked == asked > 0
    assert encode_head(again.head) == encode_head(made.head)
    assert read_head(encode_head(made.head), "x").choice == made.head.choice
    paths = write_report(made, tmp_path / "report")
    assert {"report.md", "decisions.csv"} <= {path.name for path in paths}
    told = page(made, {})
    assert "| untuned choice |" in told
    assert "said code | said text" in told
    lines = list(csv.DictReader(io.StringIO(table(made))))
    assert {line["decision"] for line in lines} == {"first", "later"}
    assert all(0 <= float(line["accuracy"]) <= 1 for line in lines)
    svg = calibration_plot(made.measurements[0].choice[0].bins, "set: forecast")
    assert svg.count("<circle") == len(made.measurements[0].choice[0].bins) > 0


def test_a_head_by_one_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codesteer_kernel.models.open_model", lambda name: Steerer())
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    known = attempts(tmp_path / "train", SEEN, 6, by_rule, "training")
    held = attempts(tmp_path / "held", ("pooling", "navigate"), 3, by_rule, "evaluation")
    file = tmp_path / "out" / "mini.json"
    words = ["train", "mini", str(known), "-o", str(file), "--eval", str(held), "--steerer", "made-up", "--seed", "7"]
    assert main(words) == 0
    told = capsys.readouterr()
    assert "reading questions: 48 of 48" in told.err
    assert "measured, seen tasks: 4 decisive problems; balanced accuracy: codesteer-mini: " in told.out
    head = read_head(file.read_bytes(), "mini.json")
    assert (head.weights, head.made["seed"]) == (Steerer.weights, 7)
    assert head.made["command"].startswith("codesteer train mini ")
    assert "# codesteer-mini" in (file.parent / "mini-report" / "report.md").read_text()


def test_nothing_is_trained_on_what_is_for_evaluation(tmp_path: Path) -> None:
    even = attempts(tmp_path / "even", ("pooling",), 1, by_rule, "evaluation")
    with pytest.raises(BadInput, match="pooling is drawn for evaluation, so nothing is trained on it"):
        make(Steerer(), [even], cache=tmp_path)
    unseen = attempts(tmp_path / "unseen", ("letters",), 1, by_rule, "training")
    with pytest.raises(BadInput, match="letters is an unseen task"):
        make(Steerer(), [unseen], cache=tmp_path)


def test_nothing_is_measured_on_what_was_trained_on(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="both for training and for measuring"):
        trained(tmp_path, Steerer(), measure=[tmp_path / "train"])


def test_an_empty_folder_and_a_model_without_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no attempts"):
        read_examples([tmp_path])
    nameless = Steerer()
    nameless.weights = ""
    with pytest.raises(BadInput, match="cannot be read out"):
        reader(nameless)  # type: ignore[arg-type]
    assert main(["train", "mini", str(tmp_path), "-o", str(tmp_path / "x.json"), "--steerer", "embedded"]) == 2


# -- outcomes


def outcomes_job(**changes: object) -> Job:
    asked = {"tasks": ("pooling",), "levels": ("1",), "n": 2, "targets": ("simulated/coder",)} | changes
    return Job(methods=("first-code",), settings=SETTINGS, **asked)  # type: ignore[arg-type]


@pytest.mark.kernel
def test_outcomes_by_one_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "outcomes", "-o", str(tmp_path), "--tasks", "pooling", "--levels", "1", "-n", "3", "--plain"]
    words += ["--target", "simulated/expert", "-j", "2", "--code-timeout", "5"]
    assert main(words) == 0
    assert "3 problems: " in capsys.readouterr().out
    examples = read_examples([tmp_path])
    assert [(len(one.code), len(one.text), one.place.for_training) for one in examples.asked] == [(1, 1, True)] * 3
    assert examples.targets == {"simulated/expert": 6}
    assert all(one.rounds and len(one.rounds) == len(one.decisions) for one in examples.reached)
    before = (tmp_path / "attempts.jsonl").read_bytes()
    assert main(words) == 0
    assert (tmp_path / "attempts.jsonl").read_bytes() == before, "nothing is asked twice"


def test_outcomes_of_unseen_tasks_are_for_evaluation_alone(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="letters: kept for evaluation"):
        collect_outcomes(outcomes_job(tasks=("letters",)), tmp_path)
    with pytest.raises(UnknownName, match="simulated skill"):
        collect_outcomes(outcomes_job(targets=("simulated/codr",)), tmp_path, "evaluation")
