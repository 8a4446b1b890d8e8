"""Scripts that make a shell's Tab key complete ``codesteer``: each asks ``codesteer --complete`` for what can come next."""

from __future__ import annotations

from collections.abc import Sequence

from codesteer_kernel.errors import BadInput

__all__ = ["script_for"]

# Where nothing is found the shell completes names of files, which is right for --in, --program and -o.
_SCRIPTS = {
    "bash": r"""_codesteer() {
    local IFS=$'\n'
    COMPREPLY=($(codesteer --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace
}
# Words with = and : in them stay whole.
COMP_WORDBREAKS=${COMP_WORDBREAKS//[=:]/}
complete -o default -F _codesteer codesteer
""",
    "zsh": r"""#compdef codesteer
_codesteer() {
    local -a found
    found=("${(@f)$(codesteer --complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    found=(${found:#})
    if (( $#found )); then compadd -Q -- $found; else _files; fi
}
compdef _codesteer codesteer
""",
    "fish": r"""function __codesteer_complete
    set -l words (commandline --tokenize --cut-at-cursor) (commandline --current-token --cut-at-cursor)
    codesteer --complete $words[2..-1] 2>/dev/null
end
complete --command codesteer --arguments "(__codesteer_complete)"
""",
}
_HOW = {
    "bash": 'Add to ~/.bashrc:  eval "$(codesteer completion bash)"',
    "zsh": 'Add to ~/.zshrc, below compinit:  eval "$(codesteer completion zsh)"',
    "fish": "Add to ~/.config/fish/config.fish:  codesteer completion fish | source",
}


def script_for(words: Sequence[str]) -> str:
    """The script for ``completion SHELL``; raises :class:`BadInput` for a shell that there is none for."""
    if len(words) != 1 or words[0] not in _SCRIPTS:
        raise BadInput("Name the shell to complete in.", "Write: codesteer completion bash, zsh or fish.")
    return f"# {_HOW[words[0]]}\n{_SCRIPTS[words[0]]}"
