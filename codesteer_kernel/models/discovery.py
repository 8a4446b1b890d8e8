"""Find hosts of models: servers that ``codesteer serve`` runs on this machine, and one that the user names by address.

A host tells of itself in ``served/NAME.json`` in the runtime folder (0600, no secret in it) and holds a lock on
``served/NAME.lock`` for as long as it lives; notes that nobody holds are swept. ``CODESTEER_STEERER_URL`` names a host
elsewhere (``http://gpu:8000/v1``, or ``unix:/path``), its key is in ``CODESTEER_STEERER_KEY`` or the keyring.

Who is taken for a model's name: the host at the address that the caller's setting gives, else at the variable's, else
the newest on this machine that serves it. ``hosted`` is whatever is served, ``hosted/NAME`` a model by its served name.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from ..config import runtime_dir
from ..egress import admit, client
from ..errors import AuthenticationFailed, BadInput, EndpointUnreachable, ModelError, NotAllowed
from ..policy import policy
from .keys import find_key
from .locks import FileLock
from .protocol import Abilities

__all__ = ["HOST_KEY", "HOST_URL", "NO_HOST", "Directory", "Host", "Notice", "is_hosted", "running_hosts"]

HOST_URL = "CODESTEER_STEERER_URL"
HOST_KEY = "CODESTEER_STEERER_KEY"
NO_HOST = "none"
"""The address that stands for: load every model here."""

ANY = "hosted"
_HERE = "unix:"
ASK_SECONDS = 2.0
UNKNOWN_SERVER = Abilities(prefill=True, score=True, structured=True, seed=True)
"""What an OpenAI-style server (vLLM and its like) can do, where it does not say."""


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """A running host and what it serves.

    ``name`` is what requests call the model, ``model`` how :func:`~.registry.open_model` names it. ``url`` ends in
    ``/v1``; with ``socket`` it goes through that Unix socket. ``engine`` says who answers: our own server or vLLM.
    ``pid`` is 0 for a host elsewhere, ``since`` is Unix time. ``context`` is the window of one conversation in tokens.
    ``dialect`` is how the model was tuned to steer, where it says. ``adapters`` can be asked for by name, too;
    ``adapter`` is the one that was.
    """

    name: str
    model: str
    url: str
    engine: Literal["codesteer", "vllm"] = "codesteer"
    socket: str = ""
    token_file: str = ""
    pid: int = 0
    since: float = 0.0
    context: int | None = None
    slots: int | None = None
    abilities: Abilities = Abilities()
    dialect: str | None = None
    adapters: tuple[str, ...] = ()
    adapter: str = ""

    def serves(self, wanted: Collection[str]) -> Host | None:
        """This host, set to answer for one of the names ``wanted``; None where it serves none of them."""
        # How it was loaded (in 4 bit, say) is the host's business; another adapter is another model.
        plain, _, options = self.model.partition("?")
        if not {ANY, self.name, self.model, *([] if "adapter=" in options else [plain])}.isdisjoint(wanted):
            return self
        adapter = next((name for name in self.adapters if name in wanted), "")
        return msgspec.structs.replace(self, adapter=adapter) if adapter else None

    @property
    def address(self) -> str:
        """Where it is, for people and for :data:`HOST_URL`."""
        return f"unix:{self.socket}" if self.socket else self.url

    @property
    def alive(self) -> bool:
        """Whether a host on this machine still takes requests; always true of one elsewhere."""
        return not self.pid or Notice(self.name).held

    def token(self) -> str:
        """What to show it; empty where its socket's permissions are enough.

        Raises:
            AuthenticationFailed: its token cannot be read.
        """
        if not self.pid:
            return find_key(HOST_KEY) or ""
        if not self.token_file:
            return ""
        try:
            return Path(self.token_file).read_text(encoding="utf-8").strip()
        except OSError as fault:
            raise AuthenticationFailed(
                f"The token of the host {self.name} cannot be read ({fault.strerror})."
            ) from None


class Notice:
    """The note of one host on this machine, by its name: written by the host, read by everybody of its user."""

    def __init__(self, name: str) -> None:
        folder = runtime_dir() / "served"
        folder.mkdir(mode=0o700, exist_ok=True)
        self.path = folder / f"{name}.json"
        self.token_path = folder / f"{name}.token"
        self._lock = FileLock(folder / f"{name}.lock")

    def claim(self) -> bool:
        """Take the name for this process, for as long as it lives; False where another has it."""
        for _ in range(10):
            if self._lock.acquire():
                return True
            time.sleep(0.02)  # somebody may just be looking whether it is held
        return False

    def publish(self, host: Host) -> None:
        """Tell that ``host`` takes requests."""
        fresh = self.path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(host))
        fresh.replace(self.path)

    def withdraw(self) -> None:
        """Tell that it takes no more; the name stays taken until :meth:`release`."""
        self.path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove what belongs to the name, which this process holds: its own files, or a dead host's."""
        for leftover in (self.path, self.token_path):
            leftover.unlink(missing_ok=True)

    def release(self) -> None:
        """Give the name back, with nothing left of it."""
        self.clear()
        self._lock.release()

    @property
    def held(self) -> bool:
        """Whether a living host of this name takes requests. A dead one's files are swept."""
        if not self.path.exists():
            return False
        if not self._lock.acquire():
            return True
        self.release()
        return False

    def read(self) -> Host | None:
        """What the living host of this name tells."""
        if self.held:
            with contextlib.suppress(OSError, msgspec.DecodeError):
                return msgspec.json.decode(self.path.read_bytes(), type=Host)
        return None


def running_hosts() -> list[Host]:
    """The hosts of this user on this machine, newest first."""
    notes = (runtime_dir() / "served").glob("*.json")
    found = [host for note in notes if (host := Notice(note.stem).read()) is not None]
    return sorted(found, key=lambda host: -host.since)


def is_hosted(name: str) -> bool:
    """Whether ``name`` asks for a host whatever else could be had."""
    return name.partition("/")[0] == ANY


class Directory:
    """The hosts that one caller may use, looked up once: make a new one for each run.

    Args:
        setting: an address, :data:`NO_HOST`, or empty to do as the environment says.

    ``fault`` says why the host at the address that the user gave cannot be used, where that is so.
    """

    def __init__(self, setting: str = "") -> None:
        self._address = setting or os.environ.get(HOST_URL, "").strip()
        self.fault: ModelError | None = None

    @property
    def note(self) -> str:
        """What the user should know: that the given host is not used, or nothing."""
        return f"{self.fault.message} Models are loaded here instead." if self.fault else ""

    def find(self, names: Collection[str]) -> Host | None:
        """The host that serves a model by one of ``names``; None where none does.

        Asks the network for an address that the user gave, and for nothing else.

        Raises:
            BadInput: that is no address.
        """
        wanted = {name.removeprefix(f"{ANY}/") for name in names}
        found = (served for host in self._hosts if (served := host.serves(wanted)))
        return next((one for one in found if self._allowed(one)), None)

    def _allowed(self, host: Host) -> bool:
        """Whether the administrator lets this host, and what it says that it serves, be asked."""
        try:
            policy().check_model([f"{host.model}+{host.adapter}" if host.adapter else host.model])
            admit(host.address, _HERE)
        except NotAllowed as fault:
            self.fault = self.fault or ModelError(fault.message, fault.cure)
            return False
        return True

    @cached_property
    def _hosts(self) -> list[Host]:
        if self._address == NO_HOST:
            return []
        here = running_hosts()
        # What tells of itself here needs no asking, and its token is known.
        given = [host for host in here if host.address == self._address]
        if self._address and not given:
            try:
                given = ask(self._address)
            except ModelError as fault:
                self.fault = fault
        return given + here


def ask(address: str) -> list[Host]:
    """What the host at ``address`` says that it serves.

    Raises:
        BadInput: this is no address.
        NotAllowed: the administrator does not allow it.
        EndpointUnreachable, AuthenticationFailed, ModelError: it does not answer, refuses the key, or is no such server.
    """
    import httpx

    url, socket = _located(address)
    admit(address, _HERE)
    key = find_key(HOST_KEY)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    if socket and not Path(socket).is_socket():
        raise EndpointUnreachable(f"There is no socket at {address}.", f"Does the host run? See {HOST_URL}.")
    transport = httpx.HTTPTransport(uds=socket) if socket else None
    try:
        with client(httpx.Client, url, transport=transport, timeout=ASK_SECONDS) as asking:
            answer = asking.get(f"{url}/models", headers=headers)
    except httpx.HTTPError as fault:
        raise EndpointUnreachable(
            f"The host at {address} does not answer ({type(fault).__name__}).", f"Does it run? See {HOST_URL}."
        ) from None
    if answer.status_code in (401, 403):
        raise AuthenticationFailed(
            f"The host at {address} refused the request ({answer.status_code}).", f"Check the key in {HOST_KEY}."
        )
    try:
        models = answer.raise_for_status().json()["data"]
        roots = {model["id"]: str(model.get("root") or model["id"]) for model in models}
        told = [_told(url, socket, model, roots) for model in models]
    except (httpx.HTTPStatusError, ValueError, KeyError, TypeError, AttributeError, msgspec.ValidationError):
        raise ModelError(f"{address} is not the address of a host ({answer.status_code}).") from None
    if socket and any(host.engine == "vllm" for host in told):
        raise ModelError(f"{address} is a socket of another server.", "Give its address as http://...")
    return told


def _told(url: str, socket: str, model: dict[str, Any], roots: dict[str, str]) -> Host:
    name, parent = str(model["id"]), model.get("parent")
    if model.get("owned_by") == "codesteer":
        abilities = msgspec.convert(model["abilities"], Abilities)
        return Host(
            name=name,
            dialect=model.get("dialect"),
            model=roots[name],
            url=url,
            socket=socket,
            context=model.get("max_model_len"),
            abilities=abilities,
        )
    # vLLM tells the repository or the folder that it loaded, and of an adapter what it sits on.
    return Host(
        name=name,
        model=f"hf/{roots[parent]}+{name}" if parent in roots else f"hf/{roots[name]}",
        url=url,
        socket=socket,
        engine="vllm",
        context=model.get("max_model_len"),
        abilities=UNKNOWN_SERVER,
    )


def _located(address: str) -> tuple[str, str]:
    """``(base URL, socket)`` of an address."""
    if address.startswith("unix:"):
        return "http://localhost/v1", str(Path(address.removeprefix("unix:").removeprefix("//")).expanduser())
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise BadInput(f"{address!r} is not the address of a host.", "It looks like http://host:8000/v1 or unix:/path.")
    return address.rstrip("/"), ""
