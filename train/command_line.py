"""What the parsers of all commands have in common."""

import argparse
import shlex


def parser(program, description, define):
    """The parser of a command.

    Args:
      program: as the user types it: "python -m export.run".
      description: text whose lines are kept.
      define: a function that adds the command's own flags to the parser.
    """
    made = argparse.ArgumentParser(
        program,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    define(made)
    made.add_argument("--debug", action="store_true", help="show Python's traceback with an error")
    return made


def add_source(made):
    """Add the flags --workdir and --preset to a parser; a command line has one of them."""
    source = made.add_mutually_exclusive_group(required=True)
    source.add_argument("--workdir", metavar="RUN", help="the run folder")
    source.add_argument(
        "--preset",
        metavar="NAME",
        help="instead of a run: a preset (its name, its folder, or hf://user/name), or a .keras "
        "file",
    )


def check_step(flags):
    """Check that --step is not given together with --preset, which has one step.

    Raises:
      ValueError: it is.
    """
    if flags.preset is not None and flags.step is not None:
        raise ValueError(f"--step is for a run folder; --preset has one step, got {flags.step}")


def written(program, arguments):
    """A command as it can be pasted into a shell."""
    return shlex.join([*program.split(), *arguments])
