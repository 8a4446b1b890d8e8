"""Prompt files: what is put in stays as it is, and the wording of a reference checkout is taken to the letter."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.checkers.published import rate_published
from codesteer_kernel.cli import main
from codesteer_kernel.errors import BadInput
from codesteer_kernel.record import Execution
from codesteer_kernel.steering.prompts import load_prompts
from codesteer_kernel.steering.prompts.importing import forget_prompts, import_prompts
from codesteer_kernel.steering.published import told_execution, told_review, told_symbolic

# A checkout in the shape of the public reference, with words of our own.
CHECKOUT = {
    "prompt.py": '''
        code_text_choice_prompt = """Choose, for $5:
        """
        with_COT_code_output_prompt = 'Use code. ' + "Print it."
        text_output_prompt = "Use words."
        Code_checker_prompt = """Test it."""
        unrelated = f"{1 + 1}"
        raise SystemExit("this must never run")
    ''',
    "generation_models.py": """
        from prompt import Code_checker_prompt
        def LLM_answer_code_checker(question, response, path):
            Input_prompt = f'{Code_checker_prompt} Q: {question} A: {response}!'
            for attempt in range(3):
                if response:
                    if not errors:
                        return f'out: {output}'
                else:
                    errors = f"none written"
                    return f'err: {errors}'
            if long:
                return f'too long'
            else:
                return f'out: {output} err: {errors}'
            return f'err: {errors}'
    """,
    "symbolic_code_check.py": """
        def analyze_computational_approach(code):
            a['explanations'].append("loops")
            a['explanations'].append("itertools")
            a['explanations'].append("eval")
            a['explanations'].append("format")
            a['explanations'].append("arithmetic")
        def analyze_code_and_explain(code):
            explanation.append("SEARCH")
            explanation.extend([f"- {exp}" for exp in found])
            explanation.append("SYMBOLS")
            explanation.append("NUMBERS")
            explanation.append(f"Points: {results['score']}")
    """,
    "benchmark/run_Logic_Game_CodeSteer_test.py": """
        def run():
            for depth in range(5):
                code_complexity_summary += '(too simple)'
                response = response + f'[too long]'
                response = response + f'[out {output}, err {errors}]'
                response = response + f'[err {errors}]'
                CodeSteer_input_prompt_head = f'''{decision_prompt} {question}'''
                if block:
                    CodeSteer_input_prompt = f'''R: {response} C: {check_result} S: {code_complexity_summary} ''' + \\
                                             f'''<<<guide>>>'''
                else:
                    CodeSteer_input_prompt = f'''R: {response} C: {check_result} ''' + f'''<<<guide>>>'''
    """,
}


@pytest.fixture
def checkout(tmp_path: Path, home: Path) -> Path:
    for name, source in CHECKOUT.items():
        path = tmp_path / "reference" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source))
    return tmp_path / "reference"


def test_the_imported_wording_is_used_to_the_letter(checkout: Path) -> None:
    ours = load_prompts("codesteer_v1").stamp
    prompts = import_prompts(checkout)
    assert prompts.stamp.startswith("codesteer_v1@imported:")
    assert load_prompts("codesteer_v1").stamp == prompts.stamp != ours
    assert prompts.text("choose", question="Why $x?") == "Choose, for $5:\nWhy $x?"
    assert prompts.text("code") == "Use code. Print it."
    assert prompts.text("text") == "Use words."
    assert prompts.text("check", question="q", response="{r}") == "Test it. Q: q A: {r}!"
    assert prompts.text("check_output", output="1\n") == "out: 1\n"
    assert prompts.text("check_missing") == "err: none written"
    run = Execution(status="ok", stdout="1\n", stderr="w")
    response = "a" + told_execution(prompts, run)
    assert response == "a[out 1\n, err w]"
    assert told_review(prompts, response, "fine", None) == "R: a[out 1\n, err w] C: fine <<<guide>>>"
    rated = told_symbolic(prompts, rate_published("for i in range(3): print(i + 1)"))
    assert rated == "SEARCH\n- loops\nNUMBERS\n- arithmetic\nPoints: 1.25(too simple)"
    assert told_review(prompts, "a", "c", "s") == "R: a C: c S: s <<<guide>>>"
    assert forget_prompts()
    assert load_prompts("codesteer_v1").stamp == ours
    assert not forget_prompts()


@pytest.mark.parametrize("name", CHECKOUT)
def test_a_folder_that_is_no_checkout_is_refused_by_what_is_missing(checkout: Path, name: str) -> None:
    path = checkout / name
    path.write_text("x = 1\n")
    with pytest.raises(BadInput, match="could not be imported"):
        import_prompts(checkout)
    path.unlink()
    with pytest.raises(BadInput, match=f"there is no {name}"):
        import_prompts(checkout)


def test_the_command_says_what_is_in_force(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prompts", "import", str(checkout)]) == 0
    assert "codesteer_v1@imported" in capsys.readouterr().out
    assert main(["prompts"]) == 0
    told = capsys.readouterr().out
    assert "codesteer_v1@imported" in told
    assert "mini@" in told
    assert main(["prompts", "forget"]) == 0
    assert main(["prompts", "import", "/nowhere"]) == 2


@given(st.text(), st.text())
def test_what_is_put_in_is_never_read_as_a_template(question: str, response: str) -> None:
    told = load_prompts("codesteer_v1").text("check", question=question, response=response)
    assert question in told
    assert response in told


@pytest.mark.parametrize(
    ("program", "score", "reasons"),
    [
        # The rows of codesteer.md, section 6.3: what the published rules make of them.
        ('information = "before the platform performs"\nprint(information)', 5.0, {"format"}),
        ("from itertools import permutations\nprint(list(permutations('ab')))", 0.0, set()),
        ("import itertools\nprint(1)", 0.0, {"itertools"}),
        ("def f(n):\n    return n if n < 2 else f(n - 1) + f(n - 2)\nprint(f(9))", 2.75, {"operator"}),
        ("import z3\nprint(z3.Solver().check())", 0.0, set()),
        ('x="elf"', 0.0, {"format"}),
        ("def f(:", 0.0, set()),
    ],
)
def test_the_published_rules(program: str, score: float, reasons: set[str]) -> None:
    rated = rate_published(program)
    assert rated.score == score
    assert set(rated.reasons) == reasons
    assert rated.too_simple == (score <= 2)
