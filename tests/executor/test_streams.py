"""What the supervisor makes of a program's output: live text, the kept text and the reports are bounded and exact."""

from __future__ import annotations

import json
import struct
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.executor.child import streams
from codesteer_kernel.executor.child.capture import Capture
from codesteer_kernel.executor.child.streams import Frames, Stream

chunks = st.lists(st.binary(max_size=60), max_size=20)


@given(chunks=chunks, keep=st.integers(1, 200))
def test_live_text_is_the_kept_text(chunks: list[bytes], keep: int) -> None:
    seen: list[str] = []
    stream = Stream(keep, seen.append)
    for chunk in chunks:
        stream.feed(chunk)
    stream.flush(0.0, final=True)
    assert "".join(seen) == b"".join(chunks).decode("utf-8", "backslashreplace")
    if not stream.capture.cut:
        assert stream.capture.text() == "".join(seen)


@given(text=st.text(min_size=1, max_size=40), repeats=st.integers(1, 40_000))
def test_live_text_is_bounded(text: str, repeats: int) -> None:
    seen: list[str] = []
    stream = Stream(10, seen.append)
    stream.feed(text.encode() * repeats)
    stream.flush(0.0, final=True)
    live = "".join(seen)
    assert len(live.encode()) <= streams.STREAM_BYTES + 16
    # A character that the bound goes through shows as bytes.
    assert (text * repeats).startswith(live) or "\\x" in live[-12:]


@given(chunks=chunks, keep=st.integers(0, 60), places=st.data())
def test_how_output_arrives_does_not_matter(chunks: list[bytes], keep: int, places: Any) -> None:
    whole = b"".join(chunks)
    cut = places.draw(st.integers(0, len(whole)))
    first, second = Capture(keep), Capture(keep)
    for chunk in chunks:
        first.feed(chunk)
    second.feed(whole[:cut])
    second.feed(whole[cut:])
    assert first.text() == second.text()
    assert first.cut == second.cut


@given(data=st.binary(max_size=400), cuts=st.lists(st.integers(1, 50), max_size=20))
def test_noise_on_the_report_pipe_does_no_harm(data: bytes, cuts: list[int]) -> None:
    shown: list[Any] = []
    frames = Frames(lambda *told: shown.append(told))
    for cut in cuts:
        frames.feed(data[:cut])
        data = data[cut:]
    frames.feed(data)
    assert len(frames._buffer) <= streams.FRAME_BYTES + 4
    assert all(isinstance(content, dict) for content in frames.by_kind.values())


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    kind=st.sampled_from(["display", "tier", "error", "exports", "begun", "done", "other"]),
    content=st.dictionaries(st.text(), anything),
)
def test_forged_reports_do_no_harm(kind: str, content: dict[str, Any]) -> None:
    shown: list[Any] = []
    progress: list[dict[str, Any]] = []
    frames = Frames(lambda *told: shown.append(told), progress.append)
    for told in (content, {"data": content, "kind": "result", "cut": content}):
        document = json.dumps({**told, "frame": kind}).encode()
        frames.feed(struct.pack("!I", len(document)) + document)
    for name, bundle in shown:
        assert name in ("display", "result", "figure")
        assert all(isinstance(text, str) for text in bundle.values())
    assert [told["frame"] for told in progress] == ([kind] * 2 if kind in ("begun", "done") else [])
    frames.renew()
    assert (frames.cut, set(frames.by_kind)) == (0, {"tier"} if kind == "tier" else set())
