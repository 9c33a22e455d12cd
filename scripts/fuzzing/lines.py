"""Draw command lines: those of WORKING, with one to three wrong or extreme changes."""

import importlib

from hypothesis import strategies as st

import configs
from configs import catalog
from configs.resolve import fill
from train import flags

HUGE = (10**6, 10**9, 2**31, 2**63, 10**30)
TEXTS = (
    "",
    "x",
    "é",
    "\udcff",
    "a" * 5000,
    "/proc/x",
    "run",
    "a/b",
    "a\nb",
    "-1",
    "None",
    "{x}",
    "\x1b[31m",
)
VALUES = {
    "int": (
        *map(str, HUGE),
        *(f"-{n}" for n in HUGE),
        *["0", "1", "2", "-1", "1.5", "nan", "inf", "1e3", "٣"],
        "",
        "x",
    ),
    "float": (
        *[
            "0",
            "-0.0",
            "-1",
            "0.5",
            "1",
            "1e-300",
            "1e30",
            "1e300",
            "1e400",
            "nan",
            "inf",
            "-inf",
            "٣",
        ],
        "",
        "x",
    ),
    "bool": ("true", "false", "", "2", "x"),
    "tuple": (
        "()",
        "(0,)",
        "(-1,)",
        "(1,)",
        "(1000000000,)",
        "(1.5,)",
        "(nan,)",
        "('a',)",
        "((1,),)",
        str((1,) * 300),
        str((2**63,)),
        "(",
        "",
        "None",
        "5",
    ),
    "str": TEXTS,
}
BARE = None  # A flag without a value.
VALUES["literal"] = (*VALUES["tuple"], *VALUES["int"], "'square'", "'é'", "{1: 2}", "[]")

SMALL = (
    *("--model=vae", "--steps=2", "--batch_size=8", "--config.pictures.num=2"),
    *("--config.mapping.width=2", "--config.mapping.dense=(8,)", "--config.inference.width=2"),
    *("--config.inference.dense=(8,)", "--config.model.latent_dim=2"),
    *("--config.train.eval_images=8", "--config.pictures.gibbs_steps=2"),
)
SIZES = {"num_images": 4, "num_codes": 4, "num_samples": 2, "num_generated": 4, "chain_steps": 8}
SIZES |= {"num_chains": 2, "num_permutations": 20, "num_points": 2, "grid": 2}
# {command: a short command line that works}, in a folder with run/ and served/.
WORKING = {
    "train.run": (*SMALL, "--workdir=new"),
    "train.evaluate": (
        "--workdir=run",
        "--metrics=sharpness,posterior_variance",
        *tuple(f"--{name}={value}" for name, value in SIZES.items()),
    ),
    "export.run": ("--workdir=run", "--output=served"),
    "export.verify": ("served/run/1",),
    "train.reproduce": ("--experiment=figure4", "--output=figures", "--dataset=digits"),
    "train.classifier": (
        "--dataset=digits",
        "--output=new.keras",
        "--steps=2",
        "--width=2",
        "--dense",
        "8",
        "--batch_size=8",
    ),
}


def known_values(key):
    """The names that a field of a configuration may have."""
    kind, _, field = key.partition(".")
    if field == "name" and kind in catalog.TABLES:
        return tuple(catalog.table(kind))
    return {"strategy": flags.STRATEGIES, "model": tuple(configs.RECIPES)}.get(key, ())


def options(command):
    """[(flag or "" for a positional argument, its possible values)] of a command."""
    if command == "train.run":
        fields = flags.fields(fill(configs.get_config("vae")))
        found = [(f"--config.{key}", VALUES[kind] + known_values(key)) for key, kind, _ in fields]
        own = {"model": "str", "workdir": "str", "strategy": "str", "overwrite_config": "bool"}
        own |= {
            "dataset": "str",
            "data_dir": "str",
            "steps": "int",
            "batch_size": "int",
            "seed": "int",
        }
        return found + [(f"--{key}", VALUES[kind] + known_values(key)) for key, kind in own.items()]
    module = importlib.import_module(
        f"{command}.__main__" if command in ("train.evaluate", "train.reproduce") else command
    )
    parser = getattr(module, "flags", module).parser()
    found = []
    for action in parser._actions:
        if action.dest in ("help", "debug"):
            continue
        kind = getattr(action.type, "__name__", "str")
        values = VALUES.get(kind, TEXTS + VALUES["int"]) + tuple(action.choices or ())
        values = (BARE, BARE, "x") if action.nargs == 0 else values
        found.append((next(iter(action.option_strings), ""), values))
    return found


@st.composite
def lines(draw):
    """(command, arguments): a command line that works, with one to three changes."""
    command = draw(st.sampled_from((*WORKING, *["train.run"] * 5)))
    arguments = list(WORKING[command])
    for _ in range(draw(st.sampled_from((1, 1, 2, 3)))):
        flag, values = draw(st.sampled_from(OPTIONS[command]))
        if draw(st.integers(1, 30)) == 7:
            flag += "x"  # No flag has this name.
        value = draw(
            st.text(max_size=8) if draw(st.integers(1, 8)) == 7 else st.sampled_from(values)
        )
        if value is BARE:
            arguments.append(flag)
            continue
        value = value.replace("\0", "")  # The system passes no such argument.
        if not flag.startswith("-"):
            arguments = [value]
        else:
            arguments = [a for a in arguments if a.partition("=")[0] != flag]
            arguments.append(f"{flag}={value}")
    return command, tuple(arguments)


OPTIONS = {command: options(command) for command in WORKING}
