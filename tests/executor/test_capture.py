"""Head and tail of a stream: bounded, exact in what they keep and count."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.executor.child.capture import Capture, clean, shorten


@given(chunks=st.lists(st.binary(max_size=50), max_size=20), keep=st.integers(0, 40))
def test_nothing_is_lost_uncounted(chunks: list[bytes], keep: int) -> None:
    capture = Capture(keep)
    for chunk in chunks:
        capture.feed(chunk)
    whole = b"".join(chunks)
    assert capture.total == len(whole)
    assert capture.cut == max(0, len(whole) - 2 * keep)
    if not capture.cut:
        assert capture.text() == whole.decode("utf-8", "backslashreplace")
    capture.text().encode("utf-8")


@given(text=st.text(min_size=50), keep=st.integers(8, 20))
def test_characters_are_not_broken(text: str, keep: int) -> None:
    capture = Capture(keep)
    data = text.encode()
    capture.feed(data)
    head, _, rest = capture.text().partition("\n[... ")
    if capture.cut:
        assert text.startswith(head)
        assert text.endswith(rest.partition(" bytes cut ...]\n")[2])


def test_memory_is_bounded() -> None:
    capture = Capture(1000)
    for _ in range(10_000):
        capture.feed(b"x" * 1000)
    assert len(capture._head) + len(capture._tail) <= 4000
    assert "[... 9998000 bytes cut ...]" in capture.text()


@given(text=st.text(alphabet=st.characters(codec=None), max_size=100), keep=st.integers(10, 50))
def test_shortened_text_is_short_and_clean(text: str, keep: int) -> None:
    assert len(shorten(text, keep)) <= max(keep, 0) + 40
    clean(text).encode("utf-8")
