"""One trial is made an attempt: its problem is asked, the run waited for, what it answered judged."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from codesteer_kernel.errors import CodeSteerError
from codesteer_kernel.evaluation.attempt import Attempt, attempt_of
from codesteer_kernel.evaluation.jobs import Trial
from codesteer_kernel.evaluation.ledger import Row
from codesteer_kernel.evaluation.methods import method
from codesteer_kernel.models import ChatModel
from codesteer_kernel.run import Engine, LiveRun, engine
from codesteer_kernel.symbench import Problem, get

__all__ = ["Maker", "failed", "maker"]


class Maker:
    """Makes attempts with one engine, whose models and kernels they share; called from as many threads as one likes.

    ``models`` gives a problem's own models, by the names that its trial calls them; the others are the engine's.
    """

    def __init__(self, host: Engine, models: Callable[[Problem, Trial], Mapping[str, ChatModel]] | None = None) -> None:
        self._host = host
        self._models = models or (lambda problem, trial: {})
        self._lock = threading.Lock()
        self._live: set[LiveRun] = set()
        self._stopped = False

    def __call__(self, trial: Trial) -> Row | None:
        """Make one attempt and wait for its end; None where it was stopped.

        A run that fails is an attempt that failed.

        Raises:
            CodeSteerError: the run could not even begin: a model that is not there, a key that is missing, ...
        """
        problem = trial.problem()
        started = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self._lock:
            if self._stopped:
                return None
            live = self._host.submit(
                problem.question,
                trial.settings,
                procedure=method(trial.method).procedure,
                models=self._models(problem, trial),
            )
            self._live.add(live)
        try:
            record = live.wait().record
        except CodeSteerError as fault:
            return failed(trial, fault, started)
        finally:
            with self._lock:
                self._live.discard(live)
        if record.status == "stopped":
            return None
        attempt = attempt_of(record, problem, key=trial.key, method=trial.method, level=trial.level)
        return Row(attempt=attempt, record=record)

    def stop(self) -> None:
        """Stop what runs, and begin nothing any more."""
        with self._lock:
            self._stopped = True
            for live in self._live:
                live.stop()


def maker() -> Maker:
    """A maker with this process's engine: what an actor of a cluster begins with."""
    return Maker(engine())


def failed(trial: Trial, fault: CodeSteerError, started: str = "") -> Row:
    """The row of an attempt of which there is no record."""
    attempt = Attempt(
        key=trial.key,
        method=trial.method,
        target=trial.settings.target,
        steerer=trial.settings.steerer or "",
        task=trial.task,
        version=get(trial.task).version,
        seed=trial.seed,
        level=trial.level,
        knobs=trial.knobs,
        status="failed",
        reason=str(fault),
        error=fault.code,
        started=started,
    )
    return Row(attempt=attempt)
