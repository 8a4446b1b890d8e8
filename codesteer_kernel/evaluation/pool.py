"""Where the work of a job is done: by threads of this process, or by whatever else takes it (a cluster)."""

from __future__ import annotations

import concurrent.futures
from typing import Generic, Protocol, Self, TypeVar

__all__ = ["Making", "Pool", "Threads"]

Item = TypeVar("Item")
Result = TypeVar("Result")
Item_contra = TypeVar("Item_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)


class Pool(Protocol[Item_contra, Result]):
    """Where work is done: attempts are made, say."""

    def submit(self, item: Item_contra) -> concurrent.futures.Future[Result]:
        """Begin one; its result is None where it was stopped."""
        ...

    def stop(self) -> None:
        """End what runs."""
        ...


class Making(Protocol[Item_contra, Result_co]):
    """Makes one of many, called from as many threads as one likes."""

    def __call__(self, item: Item_contra, /) -> Result_co:
        """Make one and wait for its end."""
        ...

    def stop(self) -> None:
        """End what runs, and begin nothing any more."""
        ...


class Threads(Generic[Item, Result]):
    """Works in this process, on ``concurrency`` at once, with one engine: a model is loaded once for all."""

    def __init__(self, make: Making[Item, Result], concurrency: int) -> None:
        self._make = make
        self._threads = concurrent.futures.ThreadPoolExecutor(concurrency, thread_name_prefix="making")

    def submit(self, item: Item) -> concurrent.futures.Future[Result]:
        """Begin one."""
        return self._threads.submit(self._make, item)

    def stop(self) -> None:
        """End what runs."""
        self._make.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)
