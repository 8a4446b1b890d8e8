"""Where the answer stands in what a model wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.symbench import extract


@pytest.mark.parametrize(
    ("text", "answer", "found"),
    [
        ("<<<5>>>", "5", "markers"),
        ("first <<<4>>>, no: <<< 5 >>> is it", "5", "markers"),
        ("<<<\n1,2\n3,4\n>>>", "1,2\n3,4", "markers"),
        ("<<<a > b>>>", "a > b", "markers"),
        ("<<<5>>>>", "5", "markers"),
        ("<<<<5>>>", "5", "markers"),
        ("<<<```\n5\n```>>>", "5", "markers"),
        ("```python\nprint('<<<5>>>')\n```\n<<<6>>>", "6", "markers"),
        ("<<<>>>", "", "markers"),
        ("<<<5>>>, as in\n>>> 2 + 3\n5", "5", "markers"),
        ("<<<5>>> and <<<never closed", "5", "markers"),
        ("<<<>>", "<<<>>", "text"),
        ("Thus\n```json\n[1, 2]\n```\n", "[1, 2]", "fence"),
        ("```\n1\n```\nor\n~~~text\n2\n~~~", "2", "fence"),
        ("````\n```\n1\n```\n````", "```\n1\n```", "fence"),
        ("  5 \n", "5", "text"),
        ("```\nnever closed", "```\nnever closed", "text"),
        ("<<<never closed", "<<<never closed", "text"),
        (">>> 1 + 1", ">>> 1 + 1", "text"),
        ("", "", "text"),
    ],
)
def test_the_last_marked_answer_then_the_last_fence_then_all(text: str, answer: str, found: str) -> None:
    extraction = extract(text)
    assert (extraction.text, extraction.found) == (answer, found)
    assert extraction.strict == (answer if found == "markers" else None)


@given(
    st.text(),
    st.text(st.characters(exclude_characters="<>`~"), min_size=1),
    st.text(st.characters(exclude_characters="<>")),
)
def test_a_marked_answer_is_found_whatever_stands_around_it(before: str, answer: str, after: str) -> None:
    assert extract(f"{before}<<<{answer}>>>{after}").text == answer.strip()


@given(st.text(st.sampled_from("<>`~\n a1"), max_size=60))
def test_any_text_has_an_extraction(text: str) -> None:
    assert extract(text).text in text
