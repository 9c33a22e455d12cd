"""Fit a prior to the codes of a trained run: see `python -m train.fit_prior --help`."""

from train import interrupts  # First: Ctrl-C during the other imports is one line.

# isort: split

import pathlib
import sys

from train import command_line, configuration
from train.errors import SetupError, as_setup_error, exit_status
from train.files import check_name

DESCRIPTION = """\
Fit a prior p(z) to the codes of a trained run (Prop. 3: if p(z) = q(z), ancestral samples are
right). The new run folder has the weights of the run and the new prior, its test metrics, and
nothing to train: evaluate, export and publish it.
"""


def fit_prior(
    workdir,
    output,
    prior="mixture",
    *,
    num_images=10000,
    components=None,
    seed=0,
    data_dir=None,
    say=print,
):
    """Make a run folder with a fitted prior of a trained run.

    Args:
      workdir: the run folder.
      output: the new run folder.
      prior: "mixture", Gaussians with full covariances; or "flow", an autoregressive flow.
      num_images: training images whose codes are fitted, at most; every tenth measures the fit.
      components: of the mixture; None: what the number of codes allows, at most 30.
      seed: of the codes and of the fit.
      data_dir: TFDS data; None: $TFDS_DATA_DIR, else as in training.
      say: called with each line for the user.

    Returns:
      The density of the codes that were held out, a tfgvae.estimators.Estimate in nats.

    Raises:
      train.errors.SetupError: no run, an output that exists, or a model that takes no such prior.
      train.errors.TrainError: the folder cannot be written.
    """
    import train.start  # noqa: F401 (before TensorFlow)
    from tfgvae.priors import fitting
    from train.loop import train_and_evaluate
    from train.opened import open_run

    output = pathlib.Path(output)
    with as_setup_error():
        if output.exists():
            raise SetupError(f"{output} is there: give another --output")
        opened = open_run(workdir, data_dir=data_dir, say=say)
        images, _ = opened.images(num_images, split="train")
        if why := fitting.refusal(opened.model):
            raise SetupError(why)
        options = {} if components is None else {"components": components}
        density = opened.model.fit_prior(images, prior, seed, **options)
        say(f"log p(z) of {density.count:,} codes that were held out: {density}.")
        given = {"prior": prior, "num_images": num_images, **options, "seed": seed}
        _write(opened, output, given)
    train_and_evaluate(configuration.require(output), output, "one", say=say)
    return density


def _write(opened, output, given):
    """Write the run folder: the configuration, and one checkpoint after the last step."""
    from tfgvae.zoo import arrays
    from train import build, optimizers
    from train import workdir as folders
    from train.checkpoints import Checkpoints

    config, step = opened.config.copy_and_resolve_references(), opened.checkpoint["step"]
    made = opened.model.latent_prior.get_config()
    config.prior.update({key: made.get(key) for key in config.prior if key in made})
    config.prior.name = given["prior"]
    flags = [f"--{name}={value}" for name, value in given.items()]
    config.prior_fit = command_line.written("python -m train.fit_prior", flags)
    # The weights of the run are the averages, or the selected ones.
    config.train.update(steps=step, ema_momentum=None, select="last", warmup_steps=0)
    model = build.compiled(config, opened.data.training_info)
    arrays.start_from(model, opened.model)
    model.train_batches.assign(opened.model.train_batches)
    optimizers.inner(model.optimizer).iterations.assign(step)
    Checkpoints(output, config.train.keep).save(model, step)
    folders.prepare(output, config)  # Last: with a configuration the folder is a run.


def parser():
    """The flags."""
    return command_line.parser("python -m train.fit_prior", DESCRIPTION, _define)


def _define(made):
    made.add_argument("--workdir", required=True, metavar="RUN", help="the run folder")
    made.add_argument("--output", required=True, metavar="FOLDER", help="the new run folder")
    made.add_argument(
        "--prior", choices=("mixture", "flow"), default="mixture", help="(%(default)s)"
    )
    made.add_argument(
        "--components",
        type=int,
        metavar="N",
        help="Gaussians of the mixture; by default what the number of codes allows, at most 30",
    )
    made.add_argument(
        "--num_images",
        type=int,
        default=10000,
        metavar="N",
        help="training images whose codes are fitted (%(default)s)",
    )
    made.add_argument("--seed", type=int, default=0, metavar="N", help="of the fit (%(default)s)")
    made.add_argument("--data_dir", metavar="DIR", help="TFDS data; else $TFDS_DATA_DIR")


def main(arguments):
    """Run a command line and return its exit status."""
    parsed = vars(parser().parse_args(arguments))
    debug = parsed.pop("debug")

    def run():
        with as_setup_error():
            # Find mistakes before TensorFlow is imported, which takes seconds.
            configuration.require(parsed["workdir"])
            check_name("the new run folder", parsed["output"])
            if parsed["components"] is not None and parsed["prior"] != "mixture":
                raise SetupError("--components belongs to --prior=mixture")
        interrupts.started()
        fit_prior(**parsed)

    return exit_status(run, debug)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
