"""Typed errors that say what is wrong and what to do about it.

Every failure that a user can meet is a :class:`CodeSteerError`. Its ``code`` is stable and machine-readable (it goes
into the run record), its message names the fault, its ``cure`` names the next step. Front ends print all three and never
a traceback of ours; each code has a section in ``docs/troubleshooting.md`` (``tests/docs/test_errors.py``).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "AuthenticationFailed",
    "BadConfig",
    "BadInput",
    "BrokenAnswer",
    "BrokenPlugin",
    "BudgetExhausted",
    "CacheNotWritable",
    "CodeSteerError",
    "ContextOverflow",
    "EmptyPrompt",
    "EndpointUnreachable",
    "ExecutorError",
    "MissingDependency",
    "MissingKey",
    "ModelError",
    "ModelTimeout",
    "NotAllowed",
    "Offline",
    "OutOfCredit",
    "OutOfMemory",
    "Overloaded",
    "RateLimited",
    "ReplayMismatch",
    "SessionLost",
    "TuningFailed",
    "UnknownModel",
    "UnknownName",
    "WeightsCorrupt",
    "WeightsMissing",
    "nearest",
]


class CodeSteerError(Exception):
    """Base of all errors of this project.

    Attributes:
        code: stable snake_case identifier, one per class.
        message: what is wrong, in one sentence.
        cure: what the user can do, in one sentence; may be empty.
    """

    code = "error"

    def __init__(self, message: str, cure: str = "") -> None:
        super().__init__(message, cure)
        self.message = message
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.message} {self.cure}".strip()

    @property
    def told(self) -> str:
        """What a person is told: the fault, the cure, and the code, under which the documentation says more."""
        return f"{self} [{self.code}]"

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback."""
        return [f"{type(self).__name__}: {self.told}"]


class BadInput(CodeSteerError):
    """An option or argument has a value that cannot work."""

    code = "bad_input"


class BadConfig(BadInput):
    """The user's configuration file holds something that cannot work; the message names the file and the place."""

    code = "bad_config"


class NotAllowed(BadInput):
    """The administrator of this machine does not allow it; the message names the file that says so."""

    code = "not_allowed"


class Offline(NotAllowed):
    """Offline mode is on, and somebody beyond this machine would have been asked; the message names the host."""

    code = "offline"


class EmptyPrompt(BadInput):
    """The cell or the argument holds no question."""

    code = "empty_prompt"


class UnknownName(BadInput):
    """A name (option, run, input variable, command) that does not exist."""

    code = "unknown_name"


class UnknownModel(UnknownName):
    """A model name whose provider or embedded entry does not exist."""

    code = "unknown_model"


class BrokenPlugin(CodeSteerError):
    """A plug-in cannot be used; the message names the distribution that brought it."""

    code = "broken_plugin"


class MissingDependency(CodeSteerError):
    """An optional package is needed and not installed."""

    code = "missing_dependency"


class MissingKey(CodeSteerError):
    """A provider needs an API key and none was found; the message names the variable, never a value.

    Attributes:
        variable: the environment variable that would hold it.
    """

    code = "missing_key"

    def __init__(self, message: str, cure: str = "", variable: str = "") -> None:
        super().__init__(message, cure)
        self.variable = variable


class ModelError(CodeSteerError):
    """A model endpoint answered with an error, or with something that cannot be read."""

    code = "model_error"


class AuthenticationFailed(ModelError):
    """The endpoint refused the key."""

    code = "authentication_failed"


class RateLimited(ModelError):
    """The endpoint asked to slow down and retries did not help."""

    code = "rate_limited"


class OutOfCredit(ModelError):
    """The account behind the key has no credit left; waiting does not help."""

    code = "out_of_credit"


class Overloaded(ModelError):
    """The endpoint has more work than it can do, and retries did not help."""

    code = "overloaded"


class EndpointUnreachable(ModelError):
    """Nothing answered at the endpoint's address: name look-up, network, proxy or certificate; the message says which."""

    code = "endpoint_unreachable"


class ModelTimeout(ModelError):
    """A model endpoint was silent for too long; the message says which limit was met."""

    code = "model_timeout"


class BrokenAnswer(ModelError):
    """An answer ended in its middle, or cannot be read."""

    code = "broken_answer"


class ContextOverflow(ModelError):
    """The prompt does not fit the model's context window; the message has both counts, in tokens."""

    code = "context_overflow"


class WeightsMissing(ModelError):
    """The weights of a local model are not on this machine and could not be fetched."""

    code = "weights_missing"


class WeightsCorrupt(ModelError):
    """A weights file has the wrong size or hash; it was deleted and is named in the message."""

    code = "weights_corrupt"


class OutOfMemory(ModelError):
    """The machine has not enough free memory for what was asked."""

    code = "out_of_memory"


class ReplayMismatch(ModelError):
    """A replayed run took another turn than its record; the message names the call."""

    code = "replay_mismatch"


class CacheNotWritable(CodeSteerError):
    """The cache or data folder cannot be written."""

    code = "cache_not_writable"


class ExecutorError(CodeSteerError):
    """The child kernel could not be started or was lost in a way that is not the program's doing."""

    code = "executor_error"


class SessionLost(ExecutorError):
    """The session that a cell was meant for has ended, and with it all that its cells had made."""

    code = "session_lost"


class BudgetExhausted(CodeSteerError):
    """A run reached one of its budgets; the message says which."""

    code = "budget_exhausted"


class TuningFailed(CodeSteerError):
    """A tuning that cannot go on; what it saved before is there."""

    code = "tuning_failed"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a ``did you mean`` sentence for ``name``, or an empty string when nothing is near."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"Did you mean {matches[0]!r}?" if matches else ""
