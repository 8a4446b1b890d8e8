"""``python -m tests.evaluation.two_workers FOLDER MODEL``: what happens on a cluster of two workers, as JSON.

A process of its own: Ray starts threads and processes that no test of another module should meet.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from codesteer_kernel.cli import main
from codesteer_kernel.cluster import Cluster, ClusterFailed, Needs
from codesteer_kernel.evaluation.ledger import ATTEMPTS
from tests.evaluation import spread

SETTINGS = {
    # Nothing is reported, everything is on loopback, and a busy machine may take its time.
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_raylet_start_wait_time_s": "240",
    "RAY_agent_register_timeout_ms": "240000",
}
NODES = [f"{number:056x}" for number in (1, 2, 3)]
TRIES = 2
MADE_UP = ["--tasks", "pooling", "--levels", "1", "--target", "simulated/coder", "--code-timeout", "20"]
KILLED_AFTER = 6


@contextmanager
def two_workers() -> Iterator[Any]:
    """A head that takes no work, and two workers of one core each."""
    os.environ.update(SETTINGS)
    from ray.cluster_utils import Cluster as Nodes

    over = threading.Event()
    with tempfile.TemporaryDirectory(prefix="ray", dir="/tmp", ignore_cleanup_errors=True) as folder:
        # Ray writes its newest cluster's address into its usual folder, which a fresh machine does not have.
        Path(tempfile.gettempdir(), "ray").mkdir(exist_ok=True)
        threading.Thread(target=_announce, args=(Path(folder), over), daemon=True).start()
        nodes = Nodes(initialize_head=True, head_node_args=_node(folder, 0, num_cpus=0, include_dashboard=False))
        try:
            for number in (1, 2):
                nodes.add_node(**_node(folder, number, num_cpus=1))
            yield nodes
        finally:
            nodes.shutdown()
            over.set()


def _node(folder: str, number: int, **options: Any) -> dict[str, Any]:
    ports = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")
    own = {"node_ip_address": "127.0.0.1", "temp_dir": folder, "object_store_memory": 80 * 2**20}
    named = {"env_vars": {"RAY_OVERRIDE_NODE_ID_FOR_TESTING": NODES[number]}}
    return {**own, **named, **{name: _free_port() for name in ports}, **options}


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _announce(folder: Path, over: threading.Event) -> None:
    """Say in the place of the nodes' agents where they listen, which nobody here asks them.

    A node gives up when its agent has not said so within 15 seconds: on a busy machine its imports take longer.
    """
    while not over.wait(0.05):
        for session in folder.glob("session_2*"):
            for node in NODES:
                (session / f"dashboard_agent_listen_port_{node}").write_text(str(_free_port()))
            return


def functions(address: str) -> dict[str, Any]:
    """What becomes of items that are well, that fail, that kill, and of actors that cannot begin."""
    found: dict[str, Any] = {}
    with Cluster(address, spread.begin, at_once=4, tries=TRIES) as cluster:
        failing, killing = cluster.submit(13), cluster.submit(666)
        well = [cluster.submit(number) for number in range(100, 120)]
        found["results"] = [future.result()[0] for future in well]
        processes = {future.result()[1] for future in well}
        # The second actor may begin when the first has done all that.
        while len(processes) < 2:
            processes |= {process for _, (_, process) in cluster.map(range(8))}
        found["raised"], found["killing"] = _fault(failing), _fault(killing)
        found["mapped"] = sorted(result for _, (result, _) in cluster.map(range(5)))
        left = cluster.submit(1000)
    found["left"] = left.cancelled()
    with Cluster(address, spread.broken, at_once=1, tries=TRIES) as cluster:
        found["broken"] = _fault(cluster.submit(1))
    try:
        Cluster(address, spread.begin, at_once=1, needs=Needs(gpus=1))
    except ClusterFailed as fault:
        found["no room"] = str(fault)
    return found


def _fault(future: Future[Any]) -> str:
    fault = future.exception()
    return f"{type(fault).__name__}: {fault}"


def job(nodes: Any, folder: Path, model: str) -> dict[str, Any]:
    """A job on the command line, one of whose workers is killed."""
    killed: list[int] = []

    def kill() -> None:
        while not (folder / ATTEMPTS).exists() or _rows(folder) < KILLED_AFTER:
            time.sleep(0.05)
        killed.append(_rows(folder))
        nodes.remove_node(next(iter(nodes.worker_nodes)), allow_graceful=False)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    words = ["--methods", "only-question,codesteer", "--tasks", "letters,number_multiply", "-n", "4"]
    words += ["--checker", "none", "--rounds", "3", "--target", model, "-o", str(folder)]
    code = main(["bench", "run", *words, "-j", "4", "--ray", nodes.address])
    killer.join()
    return {"exit code": code, "killed after": killed[0], "rows": _rows(folder)}


def trained(nodes: Any, folder: Path) -> list[int]:
    """Runs and trees for training on the command line, with a target that only the workers make up."""
    codes = []
    for what, n in (("outcomes", "3"), ("pairs", "2")):
        words = [*MADE_UP, "-n", n, "--seed", "5", "-j", "2", "-o", str(folder / what), "--ray", nodes.address]
        codes.append(main(["train", what, *words, "--plain", "--no-dataset"]))
    return codes


def _rows(folder: Path) -> int:
    return (folder / ATTEMPTS).read_bytes().count(b"\n")


if __name__ == "__main__":
    with two_workers() as nodes:
        told = functions(nodes.address)
        told["job"] = job(nodes, Path(sys.argv[1]), sys.argv[2])
        # One worker is left, and does these.
        told["trained"] = trained(nodes, Path(sys.argv[1]))
    print(json.dumps(told))
