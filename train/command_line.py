"""What the parsers of all commands have in common."""

import argparse


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
