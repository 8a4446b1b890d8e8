"""A model server that says what a script says: real wire formats over loopback, no model.

It speaks OpenAI chat completions and Anthropic Messages, streamed or whole. In a test::

    async with ScriptedServer([Reply("<<<Code>>>", match="Round 1"), Reply("```python\\nprint(42)\\n```")]) as server:
        model = open_model(f"openai/any@{server.url}/v1")

For code that blocks its thread: ``with serving_in_thread(script) as server``. As a process of its own:
``python -m tests.scripted --port 0 --script FILE`` (a JSON list of replies), which prints one JSON line with the
``url``; ``GET /_requests`` there lists what was asked.
"""

from .server import Reply, Request, ScriptedServer, recorded, serving_in_thread

__all__ = ["Reply", "Request", "ScriptedServer", "recorded", "serving_in_thread"]
