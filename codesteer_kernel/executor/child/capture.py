"""Keep the head and the tail of a stream, however long it is."""

from __future__ import annotations


class Capture:
    r"""Bytes of one stream, at most ``keep`` at each end.

    Memory stays under about four times ``keep`` whatever is fed. Bytes that are not UTF-8 are shown as ``\xNN``.
    """

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._head = bytearray()
        self._tail = bytearray()
        self.total = 0

    def feed(self, data: bytes) -> None:
        """Add the next bytes of the stream."""
        self.total += len(data)
        room = self._keep - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if data:
            self._tail += data[-self._keep :] if self._keep else b""
            if len(self._tail) > 2 * self._keep:
                del self._tail[: len(self._tail) - self._keep]

    @property
    def cut(self) -> int:
        """How many bytes of the middle are not kept."""
        return max(0, self.total - 2 * self._keep)

    def text(self) -> str:
        """What was kept, with a line in the middle that counts what was not."""
        tail = bytes(self._tail[-self._keep :]) if self._keep else b""
        if not self.cut:
            return decode(bytes(self._head) + tail)
        # A character that the cut went through is dropped, not shown as debris.
        head = bytes(self._head)
        for back in range(1, min(4, len(head) + 1)):
            if head[-back] >= 0xC0:
                length = 2 if head[-back] < 0xE0 else 3 if head[-back] < 0xF0 else 4
                if length > back:
                    head = head[:-back]
                break
            if head[-back] < 0x80:
                break
        start = 0
        while start < min(3, len(tail)) and 0x80 <= tail[start] < 0xC0:
            start += 1
        return f"{decode(head)}\n[... {self.cut} bytes cut ...]\n{decode(tail[start:])}"


def decode(data: bytes) -> str:
    r"""UTF-8 text of ``data``; what is not UTF-8 shows as ``\xNN``."""
    return data.decode("utf-8", "backslashreplace")


def clean(text: str) -> str:
    r"""``text`` without lone surrogates, which no file or socket accepts; they show as ``\udcNN``."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def shorten(text: str, keep: int) -> str:
    """At most about ``keep`` characters of ``text``: its head and tail, with a count of what was cut between."""
    if len(text) <= keep:
        return text
    half = keep // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters cut ...]\n{text[len(text) - half :]}"
