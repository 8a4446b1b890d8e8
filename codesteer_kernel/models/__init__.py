"""Models: one protocol, and whatever speaks it.

``protocol`` says what every model offers. Behind it: ``local`` (llama.cpp in a shared worker process of ours, see
``hosts`` and ``worker``; ``gguf_header`` and ``placement`` reckon what fits where), ``hf`` (transformers in this process:
``hf_load``, ``hf_network``, ``templates``), ``anthropic`` and ``openai`` (hosted, by the official
SDKs), ``replay`` (a record), ``plugins`` (other distributions'). ``registry`` opens them by name, ``aliases`` are the
user's own names, ``listing``, ``card``, ``endpoints`` and ``check`` tell what can be named, what is known of it and
whether it answers; ``catalogue``, ``pull`` and ``removal`` know the embedded weights, ``keys`` and ``prices`` what a
provider needs and costs. What the hosted ones share: ``hosted`` (one call, from the request to its last delta), ``gate``
(places and rates per endpoint), ``limits`` (time), ``retrying`` and ``faults``. Importing this room loads no SDK; opening
a model touches no network.
"""

from __future__ import annotations

from .listing import ModelRow, list_models
from .protocol import (
    Abilities,
    ChatModel,
    ChatRequest,
    Choice,
    Delta,
    Finish,
    Message,
    ReasoningDelta,
    Restarted,
    TextDelta,
    Thought,
    TokenUsage,
    Tool,
    ToolCall,
    ToolCallDelta,
    UsageDelta,
)
from .registry import open_model
from .turns import Turn, gather

__all__ = [
    "Abilities",
    "ChatModel",
    "ChatRequest",
    "Choice",
    "Delta",
    "Finish",
    "Message",
    "ModelRow",
    "ReasoningDelta",
    "Restarted",
    "TextDelta",
    "Thought",
    "TokenUsage",
    "Tool",
    "ToolCall",
    "ToolCallDelta",
    "Turn",
    "UsageDelta",
    "gather",
    "list_models",
    "open_model",
]
