"""The page of figures: what it says of benchmarks that end well, fail, hang or print a lot."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.report import BENCHMARKS, NO_BENCHMARKS, Outcome, hardware, measure, page, purpose

WHEN = dt.datetime(2030, 1, 2, 3, 4, tzinfo=dt.UTC)


def shown(*outcomes: Outcome) -> str:
    return page(outcomes, ["Processor: one"], when=WHEN, commit="abc")


def test_every_module_of_benchmarks_is_on_the_page() -> None:
    modules = {path.stem for path in (report.ROOT / "benchmarks").glob("*.py")}
    assert modules == {*BENCHMARKS, *NO_BENCHMARKS} - ({"__init__"} - modules)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_says_what_it_measures_and_can_be_run(name: str) -> None:
    assert len(purpose(name)) > 40
    text = (report.ROOT / "benchmarks" / f"{name}.py").read_text(encoding="utf-8")
    assert '__name__ == "__main__"' in text
    assert f"benchmarks.{name}" in text or f"benchmarks/{name}.py" in text


def test_ratios_stand_above_all_that_was_printed() -> None:
    output = "a warm-up\nours 1.2 ms   3.25 x subprocess\n0x10 is no ratio\ntheirs 12 times slower\n"
    text = shown(Outcome(name="startup", seconds=12.3, code=0, output=output))
    ratios = text.partition("Ratios:")[2].partition("All that it printed:")[0]
    assert "3.25 x subprocess" in ratios
    assert "12 times slower" in ratios
    assert "0x10" not in ratios
    assert "a warm-up" in text.partition("All that it printed:")[2]
    assert "2030-01-02 03:04 UTC at abc" in text
    assert "- Processor: one" in text


def test_one_that_fails_is_shown_and_one_that_was_not_run_is_named() -> None:
    failed = Outcome(name="store", seconds=1, code=1, output="half of it\n", faults="no disk\n")
    text = shown(Outcome(name="startup", seconds=1, code=0, output="fine\n"), failed)
    assert "**failed** (exit code 1)" in text
    assert "half of it" in text
    assert "no disk" in text
    assert "not run |" in next(line for line in text.splitlines() if line.startswith("| lab "))
    assert "| [store](#bench-store) |" in text
    assert "(bench-store)=\n## store" in text


def test_a_page_without_figures_says_so() -> None:
    text = shown()
    assert "Nothing was measured yet." in text
    assert "2030" not in text
    assert text.count("not run |") == len(BENCHMARKS)


def test_output_cannot_break_out_of_its_fence_and_long_output_is_cut() -> None:
    text = shown(Outcome(name="startup", seconds=1, code=0, output="```\n# not a heading\n" + "line\n" * 1000))
    assert "````text\n```\n# not a heading" in text
    assert "... 602 lines ..." in text


def test_processes_are_run_measured_and_stopped() -> None:
    def run(code: str, limit: float = 60) -> Outcome:
        return measure("startup", limit=limit, command=[sys.executable, "-c", code])

    well = run("print('2.0 x'); import sys; print('e', file=sys.stderr)")
    assert (well.code, well.output, well.faults) == (0, "2.0 x\n", "e\n")
    assert run("raise SystemExit(3)").code == 3
    late = run("import time; print('begun', flush=True); time.sleep(600)", limit=5)
    assert (late.code, late.output) == (None, "begun\n")


def test_one_failure_does_not_end_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fake(name: str) -> Outcome:
        return Outcome(name=name, seconds=1, code=int(name == "executor"), output=f"this is {name}\n")

    monkeypatch.setattr(report, "measure", fake)
    path = tmp_path / "performance.md"
    assert report.report(["startup", "executor", "store"], path, tell=lambda text: None) == 1
    text = path.read_text(encoding="utf-8")
    assert "this is startup" in text
    assert "this is store" in text
    assert text.count("**failed**") == 2, "in the table and in its section"


def test_what_is_measured_anew_says_when_and_the_rest_of_the_page_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "first"
    monkeypatch.setattr(
        report, "measure", lambda name: Outcome(name=name, seconds=9, code=0, output=f"{said} {name}\n")
    )
    monkeypatch.setattr(report, "hardware", lambda: ["Processor: one", "Load before the first benchmark: 0.10"])
    path = tmp_path / "performance.md"
    report.report(["startup", "executor", "store"], path, tell=lambda text: None)
    before = path.read_text(encoding="utf-8")
    said = "second"
    report.report(["executor", "lab"], path, tell=lambda text: None)
    after = path.read_text(encoding="utf-8")
    for told in (
        "first startup",
        "first store",
        "second executor",
        "second lab",
        "- Processor: one",
        before.split("\n")[5],
    ):
        assert told in after
    assert "first executor" not in after
    assert after.count("Load before: ") == 2, "each that was measured anew says so"
    assert [line.partition("]")[0][3:] for line in after.splitlines() if line.startswith("| [")] == [
        "startup",
        "executor",
        "store",
        "lab",
    ]
    # Figures of another machine are not mixed with these.
    monkeypatch.setattr(report, "hardware", lambda: ["Processor: two", "Load before the first benchmark: 0.10"])
    report.report(["store"], path, tell=lambda text: None)
    assert "startup" not in path.read_text(encoding="utf-8").partition("(bench-")[2]


def test_the_machine_is_named_in_words() -> None:
    lines = hardware()
    assert [line.partition(":")[0] for line in lines][:1] == ["Processor"]
    assert any(line.startswith("GPU: ") for line in lines)
