"""Open a model by name.

Names: ``embedded`` (this machine's default), ``local/NAME`` (the catalogue) or ``local/PATH.gguf``, ``hf/ORG/NAME``,
``hf//path/to/folder`` or ``local//path/to/folder`` (with ``?option=value&...``, see
:class:`~codesteer_kernel.models.hf.HfModel`), ``replay/RUN`` or ``replay/PATH.json`` (a record speaks again),
``anthropic/ID``, ``openai/ID`` and the other OpenAI-compatible providers of
:data:`~codesteer_kernel.models.providers.PROVIDERS`, whatever plug-ins bring (:mod:`.plugins`), and the user's aliases
(:mod:`.aliases`). ``...@http://host:port/v1`` after a hosted name goes to that address instead. Any id is accepted after
a known provider: what exists there is the provider's to say.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from ..egress import admit, offline
from ..errors import BadInput, NotAllowed, Offline, UnknownModel, nearest
from ..policy import policy
from .aliases import Named, expand, own_names
from .catalogue import CATALOGUE, default_model, entry
from .keys import has_key
from .plugins import BUILT_IN, installed, open_plugin
from .protocol import ChatModel
from .providers import PROVIDERS, Endpoint, locate, resolve
from .pull import HUB, hub

__all__ = ["check_allowed", "endpoint_of", "is_path", "key_of", "open_model"]


def open_model(
    name: str = "embedded",
    *,
    base_url: str | None = None,
    key_variable: str | None = None,
    context: int | None = None,
    **options: Any,
) -> ChatModel:
    """The model called ``name``. No network, no load: that happens at the first call (or ``ready()``).

    Local models opened twice, here or in another process, share one load. Close each with ``aclose()``.

    Args:
        name: see the module's text.
        base_url: the address of a hosted model's endpoint, instead of its provider's (same as ``name@base_url``).
        key_variable: the environment variable (or keyring entry) of that endpoint's key.
        context: context window in tokens, where the default or what the endpoint says is not right.
        options: what the backend takes beside these: the keyword arguments of its class.

    Raises:
        UnknownModel: no such provider or catalogue entry; the nearest is suggested.
        MissingKey: a hosted provider without its key.
        MissingDependency: a hosted provider (or ``hf/``) whose package is not installed.
        BadConfig: the user's file of aliases is wrong.
        BrokenPlugin: a plug-in that does not work.
        BadInput: an option that makes no sense for this model.
    """
    given = {"base_url": base_url, "key_variable": key_variable, "context": context}
    named = expand(name, {field: value for field, value in given.items() if value is not None} | options)
    check_allowed(named)
    provider, _, model = named.name.partition("/")
    options = dict(named.options)
    if named.name == "embedded":
        from .local import LocalModel

        return _made(LocalModel, default_model()[0], named, options)
    if not model and provider in BUILT_IN:
        raise UnknownModel(f"{named.name!r} names no model.", f"Write {provider}/MODEL.")
    folder, mark, query = model.partition("?")
    if provider == "local" and is_path(model) and Path(folder).expanduser().is_dir():
        from .hf import HfModel

        return _made(HfModel, f"{Path(folder).expanduser().absolute()}{mark}{query}", named, options)
    if provider == "local":
        from .local import LocalModel

        source = Path(model).expanduser().absolute() if is_path(model) else entry(model)
        return _made(LocalModel, source, named, options)
    if provider == "hf":
        from .hf import HfModel

        return _made(HfModel, model, named, options)
    if provider == "replay":
        from .replay import ReplayModel

        return _made(ReplayModel, model, named, options)
    if provider in PROVIDERS:
        return _hosted(provider, model, named, options)
    plugins = installed() if model else {}
    if provider in plugins:
        return open_plugin(provider, plugins[provider], model, options)
    raise _unknown(named.name, provider, model)


def check_allowed(named: Named) -> None:
    """See that the administrator allows a model, under the name that it really has and at the address that it really has.

    Raises:
        NotAllowed: the model or its host is not among those that are allowed.
        BadConfig: the administrator's file cannot be read.
    """
    rules = policy()
    if not (rules.models or rules.hosts or offline()):
        return
    provider, _, model = named.name.partition("/")
    names = [named.name]
    if named.name == "embedded":
        names.append(f"local/{default_model()[0].name}")
    elif provider == "local" and not is_path(model):
        # Whatever it is called, it is in the catalogue or nowhere.
        names = [f"local/{entry(model).name}", "embedded"]
    elif provider == "local":
        path, mark, query = model.partition("?")
        names = [f"local/{Path(path).expanduser().resolve()}{mark}{query}"]
    elif provider == "hf" and (model.startswith(("/", "~", "."))):
        path, mark, query = model.partition("?")
        names = [f"hf/{Path(path).expanduser().resolve()}{mark}{query}"]
    elif provider == "hf":
        rules.check_address(hub(), HUB)
    elif provider in PROVIDERS:
        endpoint = endpoint_of(named)
        assert endpoint is not None
        admit(endpoint.base_url, PROVIDERS[provider].base_url)
    elif provider not in BUILT_IN and rules.hosts and not rules.models:
        # Where a plug-in sends what it is given is its own affair: it has to be allowed by name.
        raise NotAllowed(f"The plug-in {provider} may ask any host, and hosts are limited here.")
    elif provider not in BUILT_IN and offline():
        raise Offline(f"Offline mode is on, and the plug-in {provider} may ask any host.", "Use another model.")
    rules.check_model(names)


def endpoint_of(named: Named) -> Endpoint | None:
    """Where a hosted model answers, without its key; None for models that have no address."""
    provider, _, model = named.name.partition("/")
    if provider not in PROVIDERS:
        return None
    address = {field: named.options.get(field) for field in ("base_url", "key_variable")}
    return locate(provider, model, **address)


def key_of(named: Named) -> tuple[str, bool]:
    """The variable of the key that a model's endpoint takes ("" for none), and whether it is there.

    Where an address is given the key is optional: then it is named only if the user named it, or has it.
    """
    endpoint = endpoint_of(named)
    if endpoint is None or not endpoint.key_variable:
        return "", False
    present = has_key(endpoint.key_variable)
    wanted = present or endpoint.own or "key_variable" in named.options
    return endpoint.key_variable if wanted else "", present


def is_path(model: str) -> bool:
    """Whether what follows ``local/`` is the path of a file and not an entry of the catalogue."""
    return model.endswith(".gguf") or "/" in model


def _hosted(provider: str, model: str, named: Named, options: dict[str, Any]) -> ChatModel:
    endpoint = resolve(
        provider, model, base_url=options.pop("base_url", None), key_variable=options.pop("key_variable", None)
    )
    context = options.pop("context", None)
    made: ChatModel
    if endpoint.wire == "anthropic":
        from .anthropic import AnthropicModel

        made = _made(AnthropicModel, endpoint, named, options)
    else:
        from .openai import OpenAIModel

        made = _made(OpenAIModel, endpoint, named, options)
    if context is not None:
        made.context_window = context
    return made


def _made(backend: Callable[..., ChatModel], source: Any, named: Named, options: dict[str, Any]) -> ChatModel:
    """``backend(source, **options)``, after its options were read as the types that its signature names."""
    parameters = list(inspect.signature(backend, eval_str=True).parameters.values())[1:]
    kinds = {parameter.name: parameter.annotation for parameter in parameters}
    read = {}
    for option, value in options.items():
        if option not in kinds:
            if option in ("base_url", "key_variable"):
                raise BadInput(f"{named.name} has no address: base_url and key_variable are for hosted models.")
            hint = nearest(option, kinds) or (f"It takes {', '.join(kinds)}." if kinds else "It takes none.")
            raise BadInput(f"{_place(named, option)} has no option {option!r}.", hint)
        try:
            read[option] = msgspec.convert(value, kinds[option])
        except msgspec.ValidationError as fault:
            raise BadInput(f"{_place(named, option)} cannot take {option} as it is: {fault}.") from None
    return backend(source, **read)


def _place(named: Named, option: str) -> str:
    """Where an option was said, for the user who has to find it."""
    own = own_names() if named.via else None
    for alias in named.via:
        if own is not None and option in own.models[alias].options:
            return f"{own.path}: [models.{alias}] ({named.name})"
    return named.name


def _unknown(name: str, provider: str, model: str) -> UnknownModel:
    providers = [*BUILT_IN, *installed()]
    embedded = {alias: known.name for known in CATALOGUE for alias in (known.name, *known.aliases)}
    if not model:
        if name.lower() in embedded:
            hint = f"Did you mean 'local/{embedded[name.lower()]}'?"
        else:
            hint = nearest(name, [*own_names().models, *providers, *(f"local/{known}" for known in embedded.values())])
        return UnknownModel(f"There is no model called {name!r}.", f"{hint} Names look like provider/model.".strip())
    hint = nearest(provider, providers)
    return UnknownModel(
        f"There is no model provider called {provider!r}.", f"{hint} Known: {', '.join(providers)}.".strip()
    )
