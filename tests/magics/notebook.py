"""A notebook without a browser: a real ipykernel, and what a front end would make of its messages."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

__all__ = ["RUN", "VIEW", "Cell", "Notebook"]

RUN = "application/vnd.codesteer.run.v1+json"
VIEW = "application/vnd.jupyter.widget-view+json"


class Cell:
    """One executed cell: its outputs as they stand now, and every message it caused."""

    def __init__(self, message_id: str) -> None:
        self.id = message_id
        self.messages: list[dict[str, Any]] = []
        self.displays: list[tuple[str | None, dict[str, Any]]] = []
        self.stdout = self.stderr = ""
        self.result: str | None = None
        self.error: str | None = None
        self.idle = False
        self.replied = False
        self.widget: str | None = None
        self.closed = False

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """The MIME bundles that stand under the cell."""
        return [data for _, data in self.displays]

    @property
    def run(self) -> dict[str, Any]:
        """The run record in the cell's only display."""
        assert len(self.displays) == 1, f"{len(self.displays)} outputs, error {self.error}"
        record: dict[str, Any] = self.outputs[0][RUN]
        return record

    @property
    def shown(self) -> list[dict[str, Any]]:
        """Every bundle that was displayed or replaced another, in order."""
        kinds = ("display_data", "update_display_data")
        return [one["content"]["data"] for one in self.messages if one["msg_type"] in kinds]

    def take(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        content = message["content"]
        match message["msg_type"]:
            case "stream":
                if content["name"] == "stdout":
                    self.stdout += content["text"]
                else:
                    self.stderr += content["text"]
            case "display_data":
                self.displays.append((content.get("transient", {}).get("display_id"), content["data"]))
            case "update_display_data":
                name = content["transient"]["display_id"]
                self.displays = [(one, content["data"] if one == name else data) for one, data in self.displays]
            case "execute_result":
                self.result = content["data"]["text/plain"]
            case "error":
                self.error = "\n".join(content["traceback"])
            case "comm_open":
                if "record" in content["data"].get("state", {}):
                    self.widget = content["comm_id"]
            case "comm_close":
                self.closed = self.closed or content["comm_id"] == self.widget
            case "status":
                self.idle = self.idle or content["execution_state"] == "idle"


class Notebook:
    """Cells of one kernel, run one after another."""

    def __init__(self) -> None:
        self._manager = KernelManager()
        self._manager.start_kernel()
        client = self._manager.client()
        assert isinstance(client, BlockingKernelClient)
        self.client = client
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        self.payload: list[dict[str, Any]] = []

    def close(self) -> None:
        self.client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def start(self, code: str, *, answers: bool = False) -> Cell:
        """Send a cell and do not wait; ``answers``: what it asks its user is going to be answered."""
        return Cell(self.client.execute(code, store_history=True, allow_stdin=answers))

    def until(self, cell: Cell, condition: Callable[[], Any], seconds: float = 30.0) -> None:
        """Receive the cell's messages until ``condition`` holds."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"it did not come; output so far: {cell.stdout} {cell.stderr} {cell.error}"
            for receive in (self.client.get_iopub_msg, self.client.get_shell_msg):
                try:
                    message = receive(timeout=0.02)
                except queue.Empty:
                    continue
                if message["parent_header"].get("msg_id") != cell.id:
                    continue
                if message["msg_type"] == "execute_reply":
                    cell.replied = True
                    self.payload = message["content"].get("payload", [])
                else:
                    cell.take(message)

    def finish(self, cell: Cell, seconds: float = 60.0) -> Cell:
        """Receive everything until the cell has ended."""
        self.until(cell, lambda: cell.idle and cell.replied, seconds)
        return cell

    def run(self, code: str, seconds: float = 60.0) -> Cell:
        """Run one cell to its end."""
        return self.finish(self.start(code), seconds)

    def complete(self, code: str) -> dict[str, Any]:
        """What the kernel offers at the end of ``code``."""
        reply: dict[str, Any] = self.client.complete(code, reply=True, timeout=60)["content"]
        return reply

    def interrupt(self) -> None:
        self._manager.interrupt_kernel()

    def press_stop(self, cell: Cell) -> None:
        """Send what the view in a browser sends when Stop is clicked."""
        self._send(cell, {"method": "custom", "content": {"event": "stop"}})

    def say_drawn(self, cell: Cell) -> None:
        """Send what the view in a browser sends when it has drawn the run."""
        self._send(cell, {"method": "update", "state": {"seen": True}, "buffer_paths": []})

    def _send(self, cell: Cell, data: dict[str, Any]) -> None:
        assert cell.widget is not None, "no widget was opened"
        message = self.client.session.msg("comm_msg", {"comm_id": cell.widget, "data": data})
        self.client.shell_channel.send(message)
