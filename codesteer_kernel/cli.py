"""``codesteer``: the same runs, models and checks in a shell."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from codesteer_kernel import __version__
from codesteer_kernel.errors import BadInput, CodeSteerError, UnknownName, nearest

__all__ = ["main"]

_ENDS = """
Exit codes: 0 done, 1 failed (exec: a program did not end well), 2 bad input, 3 a budget ended the run, 130 stopped.
Of check: 0 the test passed it, 1 the test failed it or its program did not end well, 4 no test could tell.
"""

_ASKING = ("exec", "models", "bench", "train", "serve")
"""Commands beside those of runs that may ask somebody beyond this machine, or start a kernel."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code. Faults are one line on stderr, never a traceback."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _dispatch(words)
    except CodeSteerError as fault:
        print(f"codesteer: {fault.told}", file=sys.stderr)
        return 2 if isinstance(fault, BadInput) else 1
    except KeyboardInterrupt:
        print("codesteer: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader went away (`codesteer runs | head`): nothing is wrong.
        sys.stderr.close()
        return 0


def _dispatch(words: list[str]) -> int:
    commands: dict[str, Callable[[list[str]], int]] = {
        "solve": _solve,
        "check": _check,
        "exec": _exec,
        "models": _models,
        "prompts": _prompts,
        "runs": _runs,
        "show": _show,
        "diff": _diff,
        "export": _export,
        "replay": _replay,
        "pin": _pin,
        "rm": _rm,
        "symbench": _symbench,
        "bench": _bench,
        "train": _train,
        "serve": _serve,
        "status": _status,
        "config": _config,
        "completion": _completion,
        "--complete": _complete,
        "doctor": _doctor,
        "help": _help,
    }
    name = words[0] if words else "help"
    if name in ("-h", "--help"):
        name = "help"
    if name in ("-V", "--version"):
        print(f"codesteer {__version__}")
        return 0
    if name not in commands:
        raise UnknownName(f"There is no command {name!r}.", nearest(name, commands) or "See codesteer help.")
    if name not in ("serve", "symbench", "bench", "train") and any(word in ("-h", "--help") for word in words[1:]):
        return _help([])
    if name in _ASKING:
        from codesteer_kernel.configuring import configured

        # Reading the configuration files sets what holds for the whole process: offline mode, the isolation.
        configured()
    return commands[name](words[1:])


def _help(words: list[str]) -> int:
    from codesteer_kernel.command_table import commands_help
    from codesteer_kernel.option_table import help_text

    print("codesteer: steer a model to its answer, by text or by code.\n")
    print(commands_help(in_shell=True))
    print(_ENDS)
    print("Options of solve and check, and of %%codesteer.\n")
    print(help_text(in_shell=True))
    return 0


def _solve(words: list[str]) -> int:
    from codesteer_kernel.solve_command import solve

    return solve(words)


def _check(words: list[str]) -> int:
    from codesteer_kernel.solve_command import check

    return check(words)


def _exec(words: list[str]) -> int:
    from codesteer_kernel.exec_command import exec_files

    return exec_files(words)


def _models(words: list[str]) -> int:
    from codesteer_kernel.models_command import run_models

    return run_models(words)


def _prompts(words: list[str]) -> int:
    from codesteer_kernel.commands import prompts_text
    from codesteer_kernel.steering.prompts.importing import forget_prompts, import_prompts

    match words:
        case []:
            print(prompts_text())
        case ["import", path]:
            print(f"The published weights are now spoken to as {import_prompts(Path(path)).stamp}.")
        case ["forget"]:
            print("Back to our own wording." if forget_prompts() else "No wording was imported.")
        case _:
            raise BadInput("Only 'codesteer prompts', 'prompts import PATH' and 'prompts forget' exist.")
    return 0


def _runs(words: list[str]) -> int:
    from codesteer_kernel.commands import runs_text

    if words and not words[0].isdigit():
        raise BadInput(f"{words[0]!r} is not a number of runs.")
    print(runs_text(limit=int(words[0]) if words else 20))
    return 0


def _show(words: list[str]) -> int:
    from codesteer_kernel.render import printable, to_html, to_markdown, to_text
    from codesteer_kernel.run import read_run

    forms: dict[str, Callable[[Any], str]] = {"--html": to_html, "--markdown": to_markdown}
    flags = [word for word in words if word.startswith("-")]
    names = [word for word in words if not word.startswith("-")]
    for flag in flags:
        if flag not in (*forms, "--json"):
            raise UnknownName(f"There is no option {flag}.", nearest(flag, (*forms, "--json")))
    run = read_run(names[0] if names else "last")
    text = next((forms[flag] for flag in flags if flag in forms), to_text)(run.record)
    text = run.to_json() if "--json" in flags else text
    print(printable(text) if sys.stdout.isatty() else text)
    return 0


def _diff(words: list[str]) -> int:
    from codesteer_kernel.commands import diff_text
    from codesteer_kernel.run import read_run

    if len(words) != 2:
        raise BadInput("Two runs are compared.", "Write for example: codesteer diff RUN last")
    print(diff_text(*(read_run(word).record for word in words)))
    return 0


def _export(words: list[str]) -> int:
    from codesteer_kernel.history import export_text
    from codesteer_kernel.render import printable

    text = export_text(words)
    print(printable(text) if sys.stdout.isatty() else text)
    return 0


def _replay(words: list[str]) -> int:
    from codesteer_kernel.history import parse_replay, replay

    def write(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    replay(parse_replay(words), write)
    return 0


def _pin(words: list[str]) -> int:
    from codesteer_kernel.history import pin_text

    print(pin_text(words))
    return 0


def _rm(words: list[str]) -> int:
    from codesteer_kernel.history import forget_text

    print(forget_text(words))
    return 0


def _serve(words: list[str]) -> int:
    from codesteer_kernel.serving import serve_command

    return serve_command(words)


def _config(words: list[str]) -> int:
    from codesteer_kernel.commands import config_text
    from codesteer_kernel.configuring import configured

    print(config_text(configured()))
    return 0


def _completion(words: list[str]) -> int:
    from codesteer_kernel.shells import script_for

    print(script_for(words), end="")
    return 0


def _complete(words: list[str]) -> int:
    """What the scripts of :mod:`.shells` call: the words before the cursor, the last one begun."""
    from codesteer_kernel.completing import after_command, names_here

    _, found = after_command(" ".join(words), names_here(), in_shell=True)
    print("\n".join(found))
    return 0


def _symbench(words: list[str]) -> int:
    from codesteer_kernel.symbench_command import run_symbench

    return run_symbench(words)


def _bench(words: list[str]) -> int:
    from codesteer_kernel.bench_command import run_bench

    return run_bench(words)


def _train(words: list[str]) -> int:
    from codesteer_kernel.train_command import run_train

    return run_train(words)


def _status(words: list[str]) -> int:
    from codesteer_kernel.commands import status_text

    print(status_text())
    return 0


def _doctor(words: list[str]) -> int:
    from codesteer_kernel.doctor import doctor

    return doctor(words)


if __name__ == "__main__":
    sys.exit(main())
