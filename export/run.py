"""Export a trained run for TensorFlow Serving: see `python -m export.run --help`."""

from train import interrupts  # First: Ctrl-C during the other imports is one line.

# isort: split

import pathlib
import sys

from export import batching, cost, labels, readme, runtimes, server_configs
from export.layout import model_card
from export.limits import MOST_SAMPLES, Limits
from export.marks import require_ours
from export.pruning import prune
from train import command_line, configuration
from train.errors import as_setup_error, exit_status
from train.files import check_name

DESCRIPTION = """\
Export a trained run as the next version of a model of TensorFlow Serving.

  DIR/NAME/1/          saved_model.pb, variables/, and assets.extra/ with warm-up requests,
                       reference answers and model_card.json; the next export writes DIR/NAME/2/
  DIR/models.config    all models in DIR; also batching.config and monitoring.config
  DIR/README.md        how to start the server, and a request for every signature
"""


def parser():
    """The flags."""
    return command_line.parser("python -m export.run", DESCRIPTION, _define)


def _define(made):
    command_line.add_source(made)
    made.add_argument("--output", required=True, metavar="DIR", help="the folder of all models")
    made.add_argument(
        "--name", help="the model's name; by default that of the run folder or preset"
    )
    made.add_argument("--step", type=int, help="training step; by default the newest checkpoint")
    made.add_argument(
        "--max_num_steps",
        type=int,
        metavar="N",
        help=f"the longest Gibbs chain of a request; by default at most {cost.MOST_STEPS}, and so "
        f"many that the largest batch takes about {cost.BUDGET:g} s here",
    )
    made.add_argument(
        "--num_samples",
        type=int,
        default=Limits.num_samples,
        metavar="K",
        help=f"draws for the bound on log p(x), at most {MOST_SAMPLES} (%(default)s)",
    )
    made.add_argument(
        "--max_rows",
        type=int,
        default=Limits.max_rows,
        metavar="N",
        help=f"the most rows of a request, at least those of a batch, {batching.SIZES[-1]} "
        "(%(default)s)",
    )
    made.add_argument(
        "--batch_sizes",
        default=",".join(map(str, batching.SIZES)),
        metavar="N,N,...",
        help="the batches that the server makes of this model's requests; each is warmed up "
        "(%(default)s)",
    )
    made.add_argument(
        "--jit_batch_sizes",
        metavar="N,N,...",
        help="XLA compiles the pixel loops of pixelcnn and pixelcnn_pp for these numbers of rows, "
        "and requests are padded to the next of them; for servers on CPUs only, which need "
        f"{runtimes.XLA_FLAG}; by default nothing is compiled",
    )
    made.add_argument(
        "--png",
        action="store_true",
        help="signatures that draw images also return them as PNG files, png_bytes",
    )
    made.add_argument(
        "--keep",
        type=int,
        metavar="N",
        help="afterwards, remove all but the newest N versions of this model that exports wrote; "
        "by default all stay",
    )


def _sizes(text, flag="batch_sizes"):
    try:
        return batching.check_sizes(int(size) for size in text.split(","))
    except ValueError as error:
        raise ValueError(
            f"--{flag} must be integers >= 1 in increasing order, as in 1,4,16, got {text!r}"
        ) from error


def _name(flags):
    """The name of what is exported: the run folder's, the preset's, or the file's."""
    if flags.preset is None:
        configuration.require(flags.workdir)
        return pathlib.Path(flags.workdir).resolve().name
    command_line.check_step(flags)
    from train.sources import name_of

    return name_of(flags.preset)


def _opened(flags):
    """(model, what the card describes its training by)."""
    if flags.preset is None:
        from train.opened import open_run

        return open_run(flags.workdir, flags.step).model, pathlib.Path(flags.workdir)
    from train.sources import open_source

    opened = open_source(flags.preset)
    return opened.model, opened


def _checked(flags, output):
    """(the model's name, the sizes of its batches, those that XLA compiles), or a ValueError.

    Before TensorFlow is imported, which takes seconds.
    """
    own = _name(flags)
    name = server_configs.check_name(flags.name or own)
    if not flags.output:
        raise ValueError("expected --output=DIR, the folder of all models, got an empty name")
    check_name("the folder of all models", output.absolute())
    sizes, jit_sizes = _sizes(flags.batch_sizes), ()
    if flags.jit_batch_sizes is not None:
        jit_sizes = _sizes(flags.jit_batch_sizes, "jit_batch_sizes")
    # A server without the parameters of this model reads batching.config.
    largest = max(sizes[-1], batching.SIZES[-1])
    if flags.max_rows < largest:
        raise ValueError(
            f"--max_rows must be >= {largest}, because the server makes batches of that many "
            f"rows; got {flags.max_rows}"
        )
    if flags.keep is not None and flags.keep < 1:
        raise ValueError(f"--keep must be >= 1, got {flags.keep}")
    require_ours(output / "models.config", output / "README.md")
    return name, sizes, jit_sizes


def export_run(flags):
    """Export with parsed flags and print the path of the version."""
    output = pathlib.Path(flags.output)
    with as_setup_error():
        name, sizes, jit_sizes = _checked(flags, output)
        from export.bundle import write_version

        interrupts.started()
        limits = Limits(flags.max_num_steps, flags.num_samples, flags.max_rows, sizes, jit_sizes)
        labelled = labels.read(output / name)
        model, run = _opened(flags)
        folder = write_version(model, output / name, limits, run, flags.png)
        try:
            server_configs.write(output)
            readme.write(output)
        except OSError as error:
            raise OSError(
                f"{folder} is complete, but {error}; the next export writes that file again"
            ) from error
    print(f"Exported: {folder}")
    print("\n".join(model_card(folder)["costs"]))
    if labelled:
        print(
            f"Not served yet: {name} has labels. Serve it, too: "
            f"python -m export.label {output / name} "
            + " ".join(f"{label}={n}" for label, n in {**labelled, "canary": folder.name}.items())
        )
    if flags.keep is not None:
        with as_setup_error():
            for removed in prune(output / name, flags.keep):
                print(f"Removed: {removed}")
    print(f"Check it: python -m export.verify {folder}")
    print(f"Serve it: {flags.output}/README.md")
    print(f"Compare the server with it: python -m export.check --url=localhost:8501 {folder}")


def main(arguments):
    """Run a command line and return its exit status."""
    flags = parser().parse_args(arguments)
    return exit_status(lambda: export_run(flags), flags.debug)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
