"""The options of commands whose work can be spread over a Ray cluster."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable
from typing import TypeVar

from codesteer_kernel.cluster import Cluster, Needs
from codesteer_kernel.subcommands import Parser

__all__ = ["CLUSTER_HELP", "add_cluster_options", "cluster_asked"]

Item = TypeVar("Item")
Result = TypeVar("Result")

CLUSTER_HELP = """\
  --ray ADDRESS              in a Ray cluster: auto, host:port, or local; with --ray-actors N, and what each of them
                             reserves: --ray-cpus N, --ray-gpus N, --ray-resource NAME=N"""


def add_cluster_options(parser: Parser) -> None:
    """Have a parser read ``--ray`` and what goes with it."""
    parser.add_argument("--ray", metavar="ADDRESS")
    parser.add_argument("--ray-actors", type=int)
    parser.add_argument("--ray-cpus", type=float, default=1.0)
    parser.add_argument("--ray-gpus", type=float, default=0.0)
    parser.add_argument("--ray-resource", type=_resource, action="append", default=[])


def cluster_asked(
    given: argparse.Namespace, begin: Callable[[], Callable[[Item], Result]]
) -> contextlib.AbstractContextManager[Cluster[Item, Result] | None]:
    """The cluster that ``--ray`` asks for, whose actors begin with ``begin``; None without ``--ray``.

    ``given.concurrency`` is how much is worked on at once.

    Raises:
        BadInput, ClusterFailed, MissingDependency, NotAllowed: as :class:`~codesteer_kernel.cluster.Cluster`.
    """
    if given.ray is None:
        return contextlib.nullcontext()
    needs = Needs(cpus=given.ray_cpus, gpus=given.ray_gpus, resources=dict(given.ray_resource))
    return Cluster(given.ray, begin, at_once=given.concurrency, actors=given.ray_actors, needs=needs)


def _resource(text: str) -> tuple[str, float]:
    name, _, amount = text.partition("=")
    try:
        return name, float(amount)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=N") from None
