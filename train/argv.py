"""Values of flags in a command line, read before the flags are defined."""


def values_of(argv, name):
    """The values of flag `name` in argv ("--name=value" or "--name value"), in order."""
    values = []
    for i, argument in enumerate(argv):
        flag, equals, rest = argument.lstrip("-").partition("=")
        if argument.startswith("-") and flag == name:
            values += [rest] if equals else argv[i + 1 : i + 2]
    return values


def value_of(argv, name):
    """The last value of flag `name` in argv, or None."""
    return (values_of(argv, name) or [None])[-1]


def modules_of(argv):
    """The modules of all flags --import, which may separate them by commas, each once."""
    return tuple(dict.fromkeys(name for v in values_of(argv, "import") for name in v.split(",")))
