"""No key and no token reaches the disk: whole, in pieces, in any text of any event."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import codesteer
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.config import secrets_of_environment
from codesteer_kernel.models.keys import find_key
from codesteer_kernel.record import Decision, Output, Record, fold
from codesteer_kernel.record import events as ev
from codesteer_kernel.store import Keeper, Store
from codesteer_kernel.store.redaction import REDACTED, Redactor, known_secrets, own_words
from tests.record.strategies import runs, texts
from tests.run.scripts import model, say, script
from tests.scripted import serving_in_thread
from tests.store.test_journal import ended, started

# Whatever a person may have set, quotation marks and umlauts too; the beginning stands in no other text here.
secrets = st.text(alphabet='QXZ0123456789-_."\\/+é🙂', min_size=5, max_size=60).map("QX7{}".format)
ANTHROPIC = "sk-ant-" + "api03-" + "a1B2c3D4" * 8
SHAPES = {
    "Anthropic": ANTHROPIC,
    "OpenAI": "sk-" + "proj-" + "a1B2c3D4_x" * 6,
    "old OpenAI": "sk-" + "a1B2c3D4" * 6,
    "OpenRouter": "sk-" + "or-v1-" + "0a1b2c3d" * 8,
    "Google": "AI" + "zaSy" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
    "Hugging Face": "hf" + "_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeF",
    "GitHub": "gh" + "p_" + "a1B2c3D4e5" * 4,
    "GitHub, fine-grained": "github" + "_pat_" + "11ABCDEFG0" * 4,
    "GitLab": "gl" + "pat-" + "a1B2c3D4e5F6g7H8i9J0",
    "AWS": "AK" + "IA" + "IOSFODNN7EXAMPLE",
    "Slack": "xo" + "xb-" + "123456789012-abcdefABCDEF",
    "Groq": "gs" + "k_" + "a1B2c3D4e5" * 5,
    "Stripe": "sk" + "_live_" + "a1B2c3D4e5F6g7H8",
    "JSON web token": ".".join(
        ["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"]
    ),
}
INNOCENT = [
    "task-oriented-programming-with-1-goal-and-2-means",
    "a risk-assessment-and-mitigation-plan-for-2026",
    "sk-learn-compatible-estimators-everywhere",
    "disk-usage-analyzer-1234567890-abcdefghij",
    "hf_hub",
    "eyJust.a.word",
    "print('gh' + 'p_short')",
    "ghp_is_a_prefix",
    "AKIAlways",
    "https://example.org/AIzaSy",
    base64.b64encode(bytes(range(256)) * 8).decode(),
]


def journal(folder: Path, events: list[Any], known: str = "") -> Record:
    """Journal the events of a run on ``folder`` as if ``known`` were a key; returns what is read while it goes on."""
    store = Store(folder)
    kept = store.open("a")
    kept._redactor = Redactor([known] if known else [])
    for event in events:
        kept.append(event)
    record = store.load("a")
    kept.close(fold(events))
    return record


def on_disk(folder: Path) -> str:
    """Everything in the folder, and every text that it stands for."""
    data = b"\n".join(path.read_bytes() for path in folder.iterdir())
    plain: list[str] = []

    def collect(value: Any) -> None:
        if isinstance(value, str):
            plain.append(value)
        for item in value.items() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ():
            collect(item)

    for line in filter(None, data.split(b"\n")):
        line = line[9:] if line[8:10] == b" [" else line
        collect(msgspec.json.decode(line))
    return "\n".join([data.decode(), *plain])


@given(st.data(), secrets)
def test_a_known_key_is_nowhere_on_disk(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, secret: str
) -> None:
    around = st.tuples(texts, texts).map(lambda two: f"{two[0]}{secret}{two[1]}")
    events = data.draw(runs(texts | around))
    folder = tmp_path_factory.mktemp("runs")
    before = journal(folder, events[:-1], secret)
    written = on_disk(folder)
    assert secret not in written
    assert secret not in repr(msgspec.to_builtins(before))
    after = Store(folder).load("a")
    assert (after.seq, after.status) == (len(events) - 1, "running")
    assert after.usage == fold(events[:-1]).usage


@given(runs())
def test_what_holds_no_key_is_kept_as_it_is(events: list[Any]) -> None:
    redactor = Redactor([ANTHROPIC])
    record = fold(events)
    assert redactor.record(record) == record
    again = fold(ev.decode_event(redactor.event(event)) for event in events)
    assert again == record


@pytest.mark.parametrize("key", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("around", ["{}", "key={}", "\n{}\n", '"{}"', "({})!", "\x1b{}", "x\\n{}\t"])
def test_whatever_looks_like_a_key_is_replaced(key: str, around: str) -> None:
    line = Redactor().event(started("a", around.format(key)))
    read = ev.decode_event(line)
    assert isinstance(read, ev.RunStarted)
    assert read.question.prompt == around.format(REDACTED)


@pytest.mark.parametrize("text", INNOCENT, ids=lambda text: text[:20])
def test_what_only_begins_like_a_key_stays(text: str) -> None:
    assert Redactor().text(f"say {text} now") == f"say {text} now"


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "piece", ["eyJ-", "eyJ.", "eyJaaaaaaaaaa.", "sk-", "sk-a", "ghp_", "xoxb-", "pypi-", "A", "-", "\\n"]
)
def test_hostile_text_takes_no_longer_than_other_text(piece: str) -> None:
    # A megabyte of beginnings that come to nothing: what is quadratic in it would take hours.
    text = piece * (1_000_000 // len(piece))
    redactor = Redactor([ANTHROPIC])
    cleaned = redactor.text(text)
    assert len(cleaned) <= len(text)
    for part in (text[:300_000], text[:100], text[:300_000]):
        redactor.event(ev.AnswerDelta(seq=1, at=0.0, round=1, text=part))


def test_pictures_stay_whole() -> None:
    picture = base64.b64encode(b"\x89PNG").decode() + "AKIA" + "IOSFODNN7EXAMPLE"
    output = Output(kind="figure", data={"image/png": picture, "text/plain": ANTHROPIC})
    event = ev.decode_event(Redactor().event(ev.OutputAdded(seq=1, at=0.0, round=1, output=output)))
    assert isinstance(event, ev.OutputAdded)
    assert event.output.data == {"image/png": picture, "text/plain": REDACTED}


@pytest.mark.parametrize("word", sorted(own_words()))
def test_a_key_that_is_a_word_of_the_record_breaks_no_line(word: str) -> None:
    redactor = Redactor([word])
    events: list[Any] = [
        started("a", f"my password is {word}"),
        ev.PhaseEntered(seq=2, at=0.1, phase="executing"),
        ev.RoundStarted(seq=3, at=0.2, round=1, decision=Decision(kind="code", source="fallback")),
        ended(seq=4),
    ]
    read = [ev.decode_event(redactor.event(event)) for event in events]
    assert fold(read).status == "done"
    assert word not in read[0].question.prompt  # type: ignore[union-attr]


# -- texts that come in pieces


def pieces(data: st.DataObject, text: str, **fields: Any) -> list[Any]:
    """A run that streams ``text`` in pieces of any size."""
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    parts = [text[begin:end] for begin, end in zip([0, *places], [*places, len(text)], strict=True)]
    events: list[Any] = [
        started("a"),
        ev.RoundStarted(seq=2, at=0.1, round=1, decision=Decision(kind="code", source="model")),
    ]
    kind: Any = ev.StreamAdded if fields else ev.AnswerDelta
    return events + [kind(seq=3 + n, at=0.2, round=1, text=part, **fields) for n, part in enumerate(parts)]


words = st.text(alphabet='ab \n{}":,', max_size=300) | st.text(alphabet="ab", min_size=400, max_size=1_200)


@given(st.data(), secrets | st.sampled_from([*SHAPES.values()]), words, words, st.booleans())
def test_a_key_cut_by_the_pieces_of_a_stream_is_nowhere_on_disk(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, secret: str, head: str, tail: str, printed: bool
) -> None:
    shaped = secret in SHAPES.values()
    # A key begins where a word does.
    head = f"{head}=" if shaped else head
    tail = f"\n{tail}" if shaped else tail
    events = pieces(data, f"{head}{secret}{tail}", **({"name": "stdout"} if printed else {}))
    folder = tmp_path_factory.mktemp("runs")
    record = journal(folder, events, "" if shaped else secret)
    lines = "".join(getattr(event, "text", "") for event in events[2:])
    assert secret in lines
    texts_on_disk = record.rounds[0].answer.text
    if record.rounds[0].execution is not None:
        texts_on_disk = record.rounds[0].execution.stdout
    assert secret[:8] not in texts_on_disk
    # All but the last word has been written, and nothing twice.
    whole = f"{head}{REDACTED}{tail}"
    assert whole.startswith(texts_on_disk)
    held = whole[len(texts_on_disk) :]
    assert not held.strip() or len(held.split()) == 1
    assert len(held) <= 1_024


def test_the_last_word_of_a_stream_waits_for_the_next_piece(tmp_path: Path) -> None:
    store = Store(tmp_path)
    kept = store.open("a")
    events: list[Any] = [
        started("a"),
        ev.RoundStarted(seq=2, at=0.1, round=1, decision=Decision(kind="code", source="model")),
        ev.AnswerDelta(seq=3, at=0.2, round=1, text="The answer is 4"),
        ev.AnswerDelta(seq=4, at=0.2, round=1, text="2, I th"),
    ]
    for event, so_far in zip(events, ["", "", "The answer is ", "The answer is 42, I "], strict=True):
        kept.append(event)
        record = store.load("a")
        assert record.seq == event.seq
        assert not record.rounds or record.rounds[0].answer.text == so_far
    kept.abandon()


# -- what is known


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("ANTHROPIC_API_KEY", "abcdefg7", True),
        ("OPENAI_API_KEY", " sk-canary \n", True),
        ("SOME_TOKEN", "canary-5f1", True),
        ("MY_PASSWORD", "correcthorsebatterystaple", True),
        ("SECRET_ENV", "production", False),
        ("TOKENIZERS_PARALLELISM", "false", False),
        ("OLLAMA_API_KEY", "ollama", False),
        ("CREDENTIALS_FILE", "/home/me/.secret/key1.json", False),
        ("TOKEN_ENDPOINT", "https://example.org/oauth2/token", False),
        ("HOME_PAGE", "abcdefgh12345678", False),
    ],
)
def test_the_environment_tells_its_keys(monkeypatch: pytest.MonkeyPatch, name: str, value: str, secret: bool) -> None:
    monkeypatch.setenv(name, value)
    assert (value.strip() in secrets_of_environment()) is secret
    assert (value.strip() in known_secrets()) is secret


def test_a_key_from_the_keyring_is_known_once_it_was_used(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring
    from keyring.backend import KeyringBackend

    class Ring(KeyringBackend):
        priority = 1.0  # type: ignore[assignment]

        def get_password(self, service: str, username: str) -> str | None:
            return "ring-canary" if (service, username) == ("codesteer", "MISTRAL_API_KEY") else None

        def set_password(self, service: str, username: str, password: str) -> None:
            raise NotImplementedError

    before = keyring.get_keyring()
    keyring.set_keyring(Ring())
    try:
        assert "ring-canary" not in known_secrets()
        assert find_key("MISTRAL_API_KEY") == "ring-canary"
        assert "ring-canary" in known_secrets()
    finally:
        keyring.set_keyring(before)


def test_the_record_that_a_run_ends_with_is_the_one_that_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary-5f1")
    keeper = Keeper(Store(tmp_path), "a", wanted=True)
    events = [started("a", f"Is canary-5f1 or {ANTHROPIC} good?"), ended()]
    for event in events:
        keeper.append(event)
    record = keeper.close(fold(events))
    assert record.question.prompt == f"Is {REDACTED} or {REDACTED} good?"
    assert record == Store(tmp_path).load("a")


@pytest.mark.kernel
def test_a_key_in_a_question_and_in_its_answer_is_not_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", "canary-5f1")
    answer = f"The key {ANTHROPIC} and the token canary-5f1 are both long."
    with serving_in_thread(script([say("text"), say("return")], [answer])) as server:
        run = codesteer.solve(f"Which is longer: {ANTHROPIC} or canary-5f1?", target=model(server))
        # The model was asked what the user asked.
        assert any(ANTHROPIC in text for request in server.requests for _, text in request.turns)
    assert run.answer == f"The key {REDACTED} and the token {REDACTED} are both long."
    written = on_disk(home / "runs")
    for piece in (ANTHROPIC[:12], "canary"):
        assert piece not in written
    assert ANTHROPIC not in run.to_json()
