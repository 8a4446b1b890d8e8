"""``codesteer``: the same runs, models and checks in a shell."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from codesteer_kernel import __version__
from codesteer_kernel.errors import BadInput, CodeSteerError, UnknownName, nearest

__all__ = ["main"]

_HELP = """\
codesteer: steer a model to its answer, by text or by code.

  codesteer solve "QUESTION" [options]   one steered run; rounds on stderr, the answer on stdout
  codesteer exec FILE... [--cells] [--timeout S] [--memory MB] [--file-size MB] [--tier T] [--json]
                                         run Python files in the executor, limited and isolated; with --cells one
                                         after another in one process that keeps its names
  codesteer models [list] [--endpoints] [--json]
                                         models that can be named, and what servers report
  codesteer models show NAME [--json]    everything known of one model
  codesteer models pull [NAME...]        fetch embedded models now
  codesteer models rm NAME...            delete the weights of embedded models
  codesteer models check NAME [--timeout S] [--json]
                                         one tiny request; what is wrong where it fails
  codesteer prompts [import PATH | forget]
                                         the wording in force; PATH: a checkout of the public reference
  codesteer runs [N]                     the newest runs
  codesteer show [RUN] [--json|--html|--markdown]
                                         one run; a beginning of its name is enough
  codesteer diff RUN RUN                 two runs side by side: answers, programs, checks, cost
  codesteer export [RUN] [--format md|html|ipynb|py|json|jsonl] [-o FILE] [--force]
                                         a run as a file; py is the program that gave the answer
  codesteer replay [RUN] [--speed X]     a run again, as it happened
  codesteer pin [RUN] [--off]            keep a run when old ones are removed to make room
  codesteer rm RUN...                    delete runs
  codesteer symbench list | show | generate | verify | prove | load
                                         problems with verifiers; symbench --help
  codesteer serve --steerer NAME         host a model for many notebooks; serve status, stop, config, --help
  codesteer status                       what is loaded, where files are
  codesteer doctor                       look at everything a run needs
  codesteer help                         this text and the options of solve
  codesteer --version

Exit codes: 0 done, 1 failed (exec: a program did not end well), 2 bad input, 3 a budget ended the run, 130 stopped.
"""

_EXIT = {"done": 0, "failed": 1, "exhausted": 3, "stopped": 130}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code. Faults are one line on stderr, never a traceback."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _dispatch(words)
    except CodeSteerError as fault:
        print(f"codesteer: {fault}", file=sys.stderr)
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
        "serve": _serve,
        "status": _status,
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
    if name not in ("serve", "symbench") and any(word in ("-h", "--help") for word in words[1:]):
        return _help([])
    return commands[name](words[1:])


def _help(words: list[str]) -> int:
    from codesteer_kernel.options import help_text

    print(_HELP)
    print("Options of solve (and of %%codesteer):")
    print(help_text().partition("options:\n")[2].rstrip())
    return 0


def _solve(words: list[str]) -> int:
    from codesteer_kernel.options import parse_options
    from codesteer_kernel.run import engine, read_run

    options = parse_options(words)
    if options.inputs or options.outputs:
        raise BadInput("A shell has no variables for --in and --out.", "Use them in a %%codesteer cell.")
    prompt = " ".join(options.words)
    if not options.words and not sys.stdin.isatty():
        prompt = sys.stdin.read()
    follows = read_run(options.follows).record if options.follows else None
    live = engine().submit(prompt, options.settings, follows=follows, on_event=None if options.quiet else _progress())
    try:
        run = live.wait()
    except KeyboardInterrupt:
        live.stop()
        run = live.wait(timeout=30)
    finally:
        engine().close()
    _print_end(run, options)
    return _EXIT.get(run.status, 1)


def _exec(words: list[str]) -> int:
    from codesteer_kernel.exec_command import exec_files

    return exec_files(words)


def _progress() -> Callable[[Any, Any], None]:
    """Print rounds to stderr as they come, and what goes on when stderr is a terminal."""
    from codesteer_kernel.record import events as ev
    from codesteer_kernel.render import round_lines

    live_line = sys.stderr.isatty()

    def tell(event: ev.Event, record: Any) -> None:
        match event:
            case ev.RoundEnded(round=index):
                if live_line:
                    sys.stderr.write("\r\x1b[K")
                print("\n".join(round_lines(record.rounds[index - 1])), file=sys.stderr, flush=True)
            case ev.PhaseEntered(phase=phase, note=note) if live_line:
                sys.stderr.write(f"\r\x1b[K{phase}{f': {note}' if note else ''} ...")
                sys.stderr.flush()
            case ev.RunEnded() if live_line:
                sys.stderr.write("\r\x1b[K")

    return tell


def _print_end(run: Any, options: Any) -> None:
    from codesteer_kernel.render import printable
    from codesteer_kernel.render.words import cost_line, split_line, status_line

    if options.json:
        print(run.to_json())
        return
    if not options.quiet:
        print(status_line(run.record), file=sys.stderr)
        if run.record.support is not None and run.record.support.note:
            print(run.record.support.note, file=sys.stderr)
        print(cost_line(run.record), file=sys.stderr)
    if options.time:
        print(f"Time: {split_line(run.record)}", file=sys.stderr)
    if run.answer:
        print(printable(run.answer) if sys.stdout.isatty() else run.answer)
    elif options.quiet:
        print(f"codesteer: {status_line(run.record)}", file=sys.stderr)


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
    from codesteer_kernel.render import to_html, to_markdown, to_text
    from codesteer_kernel.run import read_run

    forms: dict[str, Callable[[Any], str]] = {"--html": to_html, "--markdown": to_markdown}
    flags = [word for word in words if word.startswith("-")]
    names = [word for word in words if not word.startswith("-")]
    for flag in flags:
        if flag not in (*forms, "--json"):
            raise UnknownName(f"There is no option {flag}.", nearest(flag, (*forms, "--json")))
    run = read_run(names[0] if names else "last")
    if "--json" in flags:
        print(run.to_json())
    else:
        print(next((forms[flag] for flag in flags if flag in forms), to_text)(run.record))
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


def _symbench(words: list[str]) -> int:
    from codesteer_kernel.symbench_command import run_symbench

    return run_symbench(words)


def _status(words: list[str]) -> int:
    from codesteer_kernel.commands import status_text

    print(status_text())
    return 0


def _doctor(words: list[str]) -> int:
    from codesteer_kernel.doctor import examine, report

    findings = examine()
    print(report(findings))
    return 1 if any(one.state == "fault" for one in findings) else 0


if __name__ == "__main__":
    sys.exit(main())
