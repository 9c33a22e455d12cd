"""The text of `python -m train.run --help`."""

import configs
from configs import catalog
from configs.resolve import fill
from train import configuration
from train.argv import modules_of, value_of
from train.errors import as_setup_error
from train.flags import RECIPES, STRATEGIES, fields

HELP = """Train a model, or resume a run that was interrupted.

  python -m train.run --model=NAME [--dataset=NAME] [--workdir=DIR] [--config.KEY=VALUE ...]

Models:
{recipes}

Parts that a model may be put together from:
{components}

Flags:
  --model=NAME         what to train: one of the above. Not needed to resume the run in --workdir
  --dataset=NAME       digits (embedded, the default of most models), a TFDS name (mnist, cifar10,
                       lsun/bedroom, ...), folder:PATH, a folder of image files, or npz:PATH, a
                       file of numpy arrays
  --data_dir=DIR       where prepared TFDS data is
  --workdir=DIR        the run folder; default runs/MODEL-DATASET. If it holds a run, the run is
                       resumed from its last checkpoint, with its own configuration
  --init_from=NAME     start from the weights of a preset (a name, a folder, hf://user/name), a run
                       folder or a .keras file. Without --model, also with its configuration
  --steps=N            training steps; with a larger number a finished run goes on
  --batch_size=N       images per step, over all devices
  --seed=N             of weights, data order and noise; the same seed gives the same result
  --strategy=NAME      {strategies}; auto uses all GPUs if there are several.
                       multiworker: this command runs on every worker of TF_CONFIG, with its own
                       index there and a --workdir that all workers share
  --wait_for_workers=S with multiworker: how many seconds to wait for the other workers
  --import=MODULE      a module with your own parts, or several, separated by commas. config.json
                       has their names, so a resumed run needs no --import
  --overwrite_config   go on in a folder whose configuration differs
  --debug              show Python's traceback with an error
  --config.KEY=VALUE   set any field of the configuration (listed below)

Examples:
  python -m train.run --model=seqvae
  python -m train.run --workdir=runs/seqvae-digits --steps=3000
  python -m train.run --model=vae --dataset=mnist --config.data.download
  python -m train.run --model=vae --dataset=mnist --config.data.binarize=dynamic
  python -m train.run --model=gvae --config.regularizer.name=mmd --config.regularizer.weight=10
  python -m train.run --model=vae --config.family.name=gaussian --config.family.learned=global

Rows "validation" of the metrics use the first --config.train.eval_images of the test split. To
select models, set --config.train.validation=0.1: a tenth of the training data gives these rows
instead. With --config.train.select=best, the run gives its best checkpoint by them. CPU runs
repeat bit for bit; GPU runs need --config.train.deterministic_ops, whose cost there was not
measured.

After Ctrl-C, SIGTERM or SIGHUP the run saves a checkpoint, then stops. The run folder holds
config.json, metrics.jsonl, samples/ (pictures), checkpoints/ and tensorboard/.

If you choose another part than the recipe's, the options of the recipe's part are dropped. Warm-ups
of a recipe that are longer than --steps are shortened.
"""


def text(argv):
    """The text of --help; the values of the configuration are those of --model, if given.

    Raises:
      SetupError: a module of --import cannot be imported.
    """
    with as_setup_error():
        configuration.bring_in(modules_of(argv), "--import")
        components = {kind: " | ".join(sorted(catalog.table(kind))) for kind in catalog.TABLES}
    recipe = value_of(argv, "model")
    recipe = recipe if recipe in configs.RECIPES else "vae"
    lines = [f"Configuration, with the values of --model={recipe}"]
    lines.append("(None: found from the data, or not an argument of the chosen part):")
    for key, kind, value in fields(fill(configs.get_config(recipe))):
        lines.append(f"  --config.{key} ({kind}) = {value}")
    shown = HELP.format(
        recipes=RECIPES,
        components="\n".join(f"  {f'--config.{k}.name':26} {v}" for k, v in components.items()),
        strategies=" | ".join(STRATEGIES),
    )
    return shown + "\n" + "\n".join(lines)
