"""``python -m popshot plot FILE -o FIGURE``: what ``popshot plot`` calls."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from popshot.plotting import figure, save
from popshot.results import ResultError, open_result

SUFFIXES = (".png", ".pdf", ".svg")
DONE, WRONG_INPUT, INTERRUPTED = 0, 2, 130


def plot(source: Path, target: Path) -> None:
    """Draw ``source`` into ``target``; the target appears whole or not at all."""
    if target.suffix not in SUFFIXES:
        raise ResultError(f"{target}: cannot draw a figure of type '{target.suffix}'; allowed: {', '.join(SUFFIXES)}")
    drawn = figure(open_result(source))
    aside = target.with_name(f".{target.name}.{os.getpid()}{target.suffix}")
    try:
        save(drawn, aside)
        aside.replace(target)
    except OSError as error:
        raise ResultError(f"{target}: cannot be written ({error.strerror})") from error
    finally:
        aside.unlink(missing_ok=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="popshot")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("plot", help="the figure that fits a result file")
    command.add_argument("file", type=Path)
    command.add_argument("-o", "--output", type=Path, required=True, help="figure to write: .png, .pdf or .svg")
    options = parser.parse_args(arguments)
    try:
        plot(options.file, options.output)
    except ResultError as error:
        print(f"popshot: {error}", file=sys.stderr)
        return WRONG_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    print(f"wrote {options.output}")
    return DONE


if __name__ == "__main__":
    sys.exit(main())
