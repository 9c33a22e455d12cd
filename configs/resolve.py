"""Find every value of a run from the fields that the user set.

`replace` drops values that do not fit the user's choices. `shorten` shortens warm-ups. `fill`
replaces None by the default of the class. They read the source code of the components; TensorFlow
is not imported.
"""

from configs import base, catalog
from configs.fields import flat, typed

# Values of a recipe that count steps: {key: the least value that is too long for `steps` steps}.
COUNTS = {
    "train.warmup_steps": lambda steps: steps,  # The learning rate may need to fall afterwards.
    "regularizer.schedule_steps": lambda steps: steps + 1,
    "model.anneal_steps": lambda steps: steps + 1,
}

# Values that belong to others: unless the user sets them, they return to those of base, where None
# is computed when the run starts. {key: the others}.
BELONGING = {
    "data.train_split": ("data.name",),
    "data.test_split": ("data.name",),
    "data.crop": ("data.name",),
    "data.dequantize": ("data.binarize", "family.name", "family.learned"),
    "data.image_size": ("data.name",),
    "train.weight_decay": ("train.optimizer",),
}


def _other_prior(config, given):
    if config.model.step_prior != "conditional":
        return None
    regularizer = catalog.table("regularizer").get(config.regularizer.name)
    if regularizer is not None and regularizer.needs_normal_prior:
        return f"regularizer {config.regularizer.name!r} compares q(z) with N(0, I)"
    if config.label_condition:
        return "p(z) takes no label"
    return "model.latent_prediction is another prior" if config.model.latent_prediction else None


def _older_names(config, given):
    older = given & {"model.intermediate_reconstruction", "model.stop_gradient"}
    return f"{', '.join(sorted(older))} says how it is trained" if older else None


# Values of a recipe that give way to what the user sets: {key: (config, given) -> reason or None}.
YIELDING = {"model.step_prior": _other_prior, "model.training": _older_names}


def part_names(config):
    """{kind: name} of the model and its parts; the model's default if no name is set."""
    parts = catalog.table("model")[config.model.name].parts
    named = {"model": config.model.name}
    for kind, default in parts.items():
        default = default["name"] if isinstance(default, dict) else default
        named[kind] = config[kind].name or default
    return named


def replace(config, given, origin):
    """Remove values that do not fit the fields that the user set.

    If the user chooses another component, the options of the old component are removed. If the user
    chooses a model with fewer parts, the other parts are removed. Values that belong to others
    return to those of base.

    Args:
      config: ConfigDict: `origin` with the user's values of the fields `given`.
      given: the keys that the user set.
      origin: ConfigDict with the other values.

    Returns:
      (ConfigDict, [line for the user]).

    Raises:
      ValueError: an unknown model.
    """
    catalog.check_name(catalog.table("model"), config.model.name, "model")
    values, before, lines = flat(config), flat(origin), []
    for kind in catalog.TABLES:
        dropped = _left_behind(kind, config, given, origin)
        if dropped:
            shown = ", ".join(f"{key} = {values[key]}" for key in dropped)
            lines.append(f"Left out: {shown} ({_reason(kind, config, origin)}).")
            values |= dict.fromkeys(dropped)
    for key, reason in YIELDING.items():
        why = None if key in given or values[key] is None else reason(config, given)
        if why:
            lines.append(f"Left out: {key} = {values[key]} ({why}).")
            values[key] = None
    default = flat(base.get_config())
    for key, sources in BELONGING.items():
        if key not in given and any(values[source] != before[source] for source in sources):
            values[key] = default[key] if values[key] == before[key] else values[key]
    return typed(values), lines


def shorten(config, given, recipe):
    """Shorten warm-ups that are too long for the run, to the same share of steps as in the recipe.

    Args:
      config: ConfigDict.
      given: the keys that the user set; these do not change.
      recipe: ConfigDict with the other values.

    Returns:
      (ConfigDict, [line for the user]).
    """
    values, lines = flat(config), []
    steps, of = config.train.steps, recipe.train.steps
    for key, unfit in COUNTS.items():
        value = values[key]
        if key in given or value is None or value < unfit(steps):
            continue
        share = value * steps / of
        values[key] = int(share) if isinstance(value, int) else share
        lines.append(
            f"{key} is {values[key]:g}: the recipe's {value:g} do not fit in {steps} steps."
        )
    return typed(values), lines


def _left_behind(kind, config, given, origin):
    """Keys of a section whose values belong to the replaced component."""
    section = [f"{kind}.{name}" for name in config[kind] if config[kind][name] is not None]
    before, now = part_names(origin), part_names(config)
    if kind not in now:
        # Values that the user set are an error; values of the old model are dropped.
        left = config.model.name != origin.model.name and not given & set(section)
        return section if left else []
    if kind not in before or before[kind] == now[kind] or f"{kind}.name" not in given:
        return []
    return [key for key in section if key != f"{kind}.name" and key not in given]


def _reason(kind, config, origin):
    now = part_names(config)
    if kind not in now:
        return f"model {now['model']!r} takes no {kind}"
    return f"{kind} {now[kind]!r} replaces {part_names(origin)[kind]!r}"


def fill(config):
    """A configuration with every value of its chosen components.

    Arguments of other components stay None. Values that come from the data also stay None;
    train.one_run sets them.

    Raises:
      ValueError: an unknown name, an argument that a component does not take, or a part that the
        model does not take.
    """
    catalog.check_name(catalog.table("model"), config.model.name, "model")
    values = flat(config)
    side = values["data.image_size"]
    if isinstance(side, int):
        values["data.image_size"] = (side, side)  # As a run folder has it.
    parts = catalog.table("model")[config.model.name].parts
    _fill("model", config.model.name, {}, values)
    for kind in catalog.PARTS:
        named = config[kind].name
        if kind in parts:
            default = parts[kind] if isinstance(parts[kind], dict) else {"name": parts[kind]}
            default = default if named is None else {"name": named}
            values[f"{kind}.name"] = default["name"]
            _fill(kind, default["name"], default, values)
        elif any(value is not None for value in config[kind].values()):
            takes = [part for part in parts if part in catalog.PARTS]
            raise ValueError(f"model {config.model.name!r} takes no {kind}; it takes: {takes}")
    return typed(values)


def _fill(kind, name, options, values):
    """Put one component's arguments into `values`: from `options`, else the class's defaults."""
    table = catalog.table(kind)
    catalog.check_name(table, name, kind)
    takes = table[name].arguments
    section = [key for key in values if key.startswith(f"{kind}.") and key != f"{kind}.name"]
    unknown = [
        argument
        for argument in (key.partition(".")[2] for key in section)
        if argument not in takes and values[f"{kind}.{argument}"] is not None
    ]
    if unknown:
        raise ValueError(
            f"{kind} {name!r} takes no {', '.join(sorted(unknown))}; it takes: {[*takes]}"
        )
    for argument, found in takes.items():
        key = f"{kind}.{argument}"
        if values[key] is None:
            values[key] = options.get(argument, found.default)
