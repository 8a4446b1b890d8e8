"""Open a model by name, and list what can be opened.

Names: ``embedded`` (this machine's default), ``local/NAME`` (the catalogue) or ``local/PATH.gguf``, ``hf/ORG/NAME``,
``hf//path/to/folder`` or ``local//path/to/folder`` (both with ``?option=value&...``, see
:class:`~codesteer_kernel.models.hf.HfModel`), ``anthropic/ID``, ``openai/ID`` and the other OpenAI-compatible providers of
:data:`~codesteer_kernel.models.providers.PROVIDERS`. ``...@http://host:port/v1`` after a hosted name goes to that
address instead. Any id is accepted after a known provider: what exists there is the provider's to say.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from ..errors import BadInput, UnknownModel, nearest
from .catalogue import CATALOGUE, default_model, entry
from .protocol import ChatModel
from .providers import PROVIDERS, resolve

__all__ = ["ModelRow", "list_models", "open_model"]

OURS = ("embedded", "local", "hf")


class ModelRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of ``codesteer models``.

    ``name`` is what :func:`open_model` takes (hosted providers: with ``...`` for the id). ``size`` is in bytes, None
    where there is no file. ``downloaded`` is None where nothing is to download. ``key_variable`` is empty where no key
    is needed; ``key_present`` says whether one was found, and never more.
    """

    name: str
    provider: str
    size: int | None = None
    downloaded: bool | None = None
    key_variable: str = ""
    key_present: bool = False
    default: bool = False
    note: str = ""


def open_model(
    name: str = "embedded",
    *,
    base_url: str | None = None,
    key_variable: str | None = None,
    context: int | None = None,
    prefix_cache: bool = True,
) -> ChatModel:
    """The model called ``name``. No network, no load: that happens at the first call (or ``ready()``).

    Local models opened twice, here or in another process, share one load. Close each with ``aclose()``.

    Args:
        name: see the module's text.
        base_url: the address of a hosted model's endpoint, instead of its provider's (same as ``name@base_url``).
        key_variable: the environment variable (or keyring entry) of that endpoint's key.
        context: context window in tokens, for ``local/`` and ``hf/``.
        prefix_cache: see :class:`~codesteer_kernel.models.local.LocalModel`.

    Raises:
        UnknownModel: no such provider or catalogue entry; the nearest is suggested.
        MissingKey: a hosted provider without its key.
        MissingDependency: a hosted provider (or ``hf/``) whose package is not installed.
        BadInput: an option that makes no sense for this model.
    """
    name = name.strip()
    provider, _, model = name.partition("/")
    hosted = provider in PROVIDERS
    if (base_url or key_variable) and not hosted:
        raise BadInput(f"{name} has no address: base_url and key_variable are for hosted models.")
    if name in OURS[:1]:
        from .local import LocalModel

        return LocalModel(default_model()[0], context=context, prefix_cache=prefix_cache)
    if provider in ("local", "hf", *PROVIDERS) and not model:
        raise UnknownModel(f"{name!r} names no model.", f"Write {provider}/MODEL.")
    folder, mark, query = model.partition("?")
    if provider == "local" and _is_path(model) and Path(folder).expanduser().is_dir():
        from .hf import HfModel

        return HfModel(
            f"{Path(folder).expanduser().absolute()}{mark}{query}", context=context, prefix_cache=prefix_cache
        )
    if provider == "local":
        from .local import LocalModel

        source = Path(model).expanduser().absolute() if _is_path(model) else entry(model)
        return LocalModel(source, context=context, prefix_cache=prefix_cache)
    if provider == "hf":
        from .hf import HfModel

        return HfModel(model, context=context, prefix_cache=prefix_cache)
    if hosted:
        endpoint = resolve(provider, model, base_url=base_url, key_variable=key_variable)
        if endpoint.wire == "anthropic":
            from .anthropic import AnthropicModel

            return AnthropicModel(endpoint)
        from .openai import OpenAIModel

        return OpenAIModel(endpoint)
    raise _unknown(name, provider, model)


def _is_path(text: str) -> bool:
    return text.endswith(".gguf") or "/" in text


def _unknown(name: str, provider: str, model: str) -> UnknownModel:
    providers = [*OURS, *PROVIDERS]
    embedded = {alias: known.name for known in CATALOGUE for alias in (known.name, *known.aliases)}
    if not model:
        if name.lower() in embedded:
            hint = f"Did you mean 'local/{embedded[name.lower()]}'?"
        else:
            hint = nearest(name, [*providers, *(f"local/{known}" for known in embedded.values())])
        return UnknownModel(f"There is no model called {name!r}.", f"{hint} Names look like provider/model.".strip())
    hint = nearest(provider, providers)
    return UnknownModel(
        f"There is no model provider called {provider!r}.", f"{hint} Known: {', '.join(providers)}.".strip()
    )


def list_models() -> list[ModelRow]:
    """What ``codesteer models`` shows: the embedded entries, then one row per provider. Asks no network."""
    from .keys import has_key
    from .pull import downloaded

    usual, why = default_model()
    rows = []
    for known in CATALOGUE:
        default = known is usual
        note = "; ".join(part for part in (known.note, why if default else "") if part)
        rows.append(
            ModelRow(
                name=f"local/{known.name}",
                provider="local",
                size=known.size,
                downloaded=downloaded(known),
                default=default,
                note=note,
            )
        )
    rows.append(ModelRow(name="local/PATH.gguf", provider="local", note="any GGUF file"))
    rows.append(ModelRow(name="hf/ORG/NAME", provider="hf", note="transformers, in this process"))
    for provider, preset in PROVIDERS.items():
        variable = preset.key_variable
        rows.append(
            ModelRow(
                name=f"{provider}/...",
                provider=provider,
                key_variable=variable,
                key_present=bool(variable) and has_key(variable),
                note=preset.note,
            )
        )
    return rows
