"""Which values of the notebook a cell passes in: those that ``--in`` names, and those that its prompt mentions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from codesteer_kernel.errors import UnknownName, nearest

__all__ = ["mentioned", "named"]

# Not inside a word (an address of mail, a matrix product), not escaped, not a word that goes on (@pytest.mark, @me@host).
_MENTION = re.compile(r"(?<![\w@.\\/)\]])@([^\W\d]\w*)(?![\w@(/]|\.\w|-\w)")
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_DECORATOR = re.compile(r"^[ \t]*@[^\n]*\n(?=[ \t]*(?:@|def |class |async def ))", re.MULTILINE)


def mentioned(prompt: str, values: Mapping[str, Any]) -> list[str]:
    """The variables that the prompt names as ``@name``, in order.

    Code in backticks, decorators and addresses of mail mention nothing, nor does a name that no variable has, or one of a
    module, function or class.
    """
    text = _DECORATOR.sub("\n", _CODE.sub(" ", prompt))
    names = dict.fromkeys(found[1] for found in _MENTION.finditer(text))
    return [name for name in names if name in values and not _is_code(values[name])]


def named(names: Iterable[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of variables and, where no variable has the name, the paths of files.

    Raises:
        UnknownName: there is neither.
    """
    found: dict[str, Any] = {}
    for name in names:
        path = Path(name).expanduser()
        if name in values:
            found[name] = values[name]
        elif path.is_file():
            found[path.name] = path.absolute()
        else:
            visible = [known for known in values if not known.startswith("_")]
            hint = nearest(name, visible) or "Define it in a cell above, or name a file."
            raise UnknownName(f"--in names {name!r}, which is not defined and no file.", hint)
    return found


def _is_code(value: Any) -> bool:
    return isinstance(value, ModuleType) or callable(value)
