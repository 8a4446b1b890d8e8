"""How a kernel comes up behind the walls, for our own child kernel and for any Jupyter tool.

A kernelspec that names this provisioner (entry point ``codesteer-sandbox`` of ``jupyter_client.kernel_provisioners``)
gets its kernel guarded, whatever tool starts it::

    {"argv": ["python3", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
     "display_name": "Guarded Python", "language": "python",
     "metadata": {"kernel_provisioner": {"provisioner_name": "codesteer-sandbox", "config": {"floor": "landlock"}}}}

Such a kernel works in a folder of its own, which is gone with it; it sees no file of the user's and no network.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Integer, List, Unicode

from codesteer_kernel.executor import tiers
from codesteer_kernel.executor.rundir import RunDirectory
from codesteer_kernel.executor.surroundings import environment, packages, readable

__all__ = ["SandboxProvisioner"]

_END_S = 6.0


class SandboxProvisioner(LocalProvisioner):
    """A local kernel below a guard: scrubbed environment, private sockets and files, the walls of a tier.

    The process that Jupyter sees is the guard's warden, which ends everything below it when it is asked to end, when
    the kernel ends, or when the process that started it has gone.
    """

    tier = Unicode(tiers.BEST, help="Name of the isolation tier, or 'best'.").tag(config=True)
    floor = Unicode("", help="The weakest tier to accept; empty for any.").tag(config=True)
    memory_mb = Integer(0, help="Address space of each process in MB; 0 for no limit.").tag(config=True)
    preload = List(Unicode(), help="Modules that our own supervisor imports while idle.")
    supervisor = False
    """Whether the guard itself becomes our supervisor, instead of starting the kernelspec's command."""
    directory: RunDirectory | None = None
    """The run directory that the kernel lives in; one of its own when nobody gives one."""
    folder: Path | None = None
    plan: tiers.Plan | None = None
    _owns_directory = False

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose the walls, make the folder, write the policy, and put the guard before the command."""
        python = self.kernel_spec.argv[0] if self.supervisor else sys.executable
        self.plan = await asyncio.to_thread(tiers.choose, self.tier or None, self.floor or None, python)
        if self.directory is None:
            self.directory, self._owns_directory = RunDirectory(), True
        if self.folder is None:
            self.folder = self.directory.folder("k")
        manager = self.parent
        if zmq.has("ipc"):
            manager.transport, manager.ip = "ipc", str(self.folder / "k")
        manager.connection_file = str(self.folder / "k.json")
        prepared: dict[str, Any] = await super().pre_launch(**kwargs)
        command = prepared["cmd"]
        enclosures = [name for name in ("bubblewrap", "namespaces", "seatbelt") if name in self.plan.walls]
        policy = {
            "parent": os.getpid(),
            "directory": str(self.directory.path),
            "report": str(self.folder / "report.json"),
            "transport": manager.transport,
            "landlock": "landlock" in self.plan.walls,
            "seccomp": "seccomp" in self.plan.walls,
            # In a network of its own nobody could reach it by TCP.
            "enclosure": enclosures[0] if enclosures and manager.transport == "ipc" else None,
            "wrap": tiers.wrap(self.plan, command[0], str(self.directory.path)),
            "read": readable(command[0]),
            "path": packages(),
            "preload": list(self.preload),
            "command": [] if self.supervisor else command,
            "memory_mb": self.memory_mb,
        }
        written = self.folder / "policy.json"
        written.write_text(json.dumps(policy), encoding="utf-8")
        rest = command[1:] if self.supervisor else []
        prepared["cmd"] = [python, "-I", str(tiers.GUARD), str(written), *rest]
        prepared["env"] = environment(self.folder)
        given = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path in packages()]
        if given and not self.supervisor:
            prepared["env"]["PYTHONPATH"] = os.pathsep.join(given)
        prepared["cwd"] = str(self.folder)
        return prepared

    @property
    def report(self) -> dict[str, Any]:
        """What the guard found standing, once the kernel is up.

        Raises:
            ExecutorError: a wall that was planned is missing.
        """
        assert self.folder is not None
        assert self.plan is not None
        found: dict[str, Any] = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))
        tiers.check(self.plan, found)
        return found

    async def kill(self, restart: bool = False) -> None:
        """End the kernel and all below it: the warden does it, and is killed only if it does not."""
        process = self.process
        if process is None:
            return
        for signum, seconds in ((signal.SIGTERM, _END_S), (signal.SIGKILL, 2.0)):
            with contextlib.suppress(OSError):
                process.send_signal(signum)
            if await _ended(process, seconds):
                return

    async def terminate(self, restart: bool = False) -> None:
        """As :meth:`kill`: nothing below is asked for its consent."""
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the files, unless it starts again."""
        await super().cleanup(restart=restart)
        if self._owns_directory and not restart and self.directory is not None:
            directory, self.directory, self.folder = self.directory, None, None
            await asyncio.to_thread(directory.remove)

    async def get_provisioner_info(self) -> dict[str, Any]:
        """What another process needs to find the kernel again; the run directory among it."""
        told: dict[str, Any] = await super().get_provisioner_info()
        return {**told, "directory": str(self.directory.path) if self.directory else ""}


async def _ended(process: Any, seconds: float) -> bool:
    until = asyncio.get_running_loop().time() + seconds
    pause = 0.002
    while process.poll() is None:
        if asyncio.get_running_loop().time() > until:
            return False
        await asyncio.sleep(pause)
        pause = min(0.05, pause * 2)
    return True
