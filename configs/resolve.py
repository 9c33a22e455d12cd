"""From the fields that somebody set to every value of a run.

`replace` and `shorten` make room for what the user set; `fill` puts the default of its class where
a chosen component has None. They read the source of the components: TensorFlow is not imported.
"""

from configs import catalog
from configs.fields import flat, typed

# Values of a recipe that count steps: {key: the least that does not fit a run of `steps` steps}.
COUNTS = {
    "train.warmup_steps": lambda steps: steps,  # A learning rate that falls does so afterwards.
    "regularizer.schedule_steps": lambda steps: steps + 1,
}

# Values that are found from others when a run starts, where the user leaves them open:
# {key: what it is found from}.
FOUND = {
    "data.crop": ("data.name",),
    "data.dequantize": ("data.binarize", "family.name", "family.learned"),
    "data.image_size": ("data.name",),
    "train.weight_decay": ("train.optimizer",),
}


def part_names(config):
    """{kind: name} of the model and its parts; where no name is set, the model's default."""
    parts = catalog.table("model")[config.model.name].parts
    named = {"model": config.model.name}
    for kind, default in parts.items():
        default = default["name"] if isinstance(default, dict) else default
        named[kind] = config[kind].name or default
    return named


def replace(config, given, origin):
    """Take out of a configuration what does not go with the fields that the user set.

    A component that the user chose instead of another does not keep the other's options. A model
    that takes fewer parts than the one it replaces does not keep the rest. Values that were found
    from others are found again.

    Args:
      config: ConfigDict: `origin` with the fields `given` as the user set them.
      given: the keys that the user set.
      origin: ConfigDict that the other values are from.

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
    for key, sources in FOUND.items():
        if key not in given and any(values[source] != before[source] for source in sources):
            values[key] = None if values[key] == before[key] else values[key]
    return typed(values), lines


def shorten(config, given, recipe):
    """Give warm-ups that do not fit the run the share of its steps that they have in the recipe.

    Args:
      config: ConfigDict.
      given: the keys that the user set: these stay as they are.
      recipe: ConfigDict that the other values are from.

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
    """Keys of a component's section whose values belong to the component that was replaced."""
    section = [f"{kind}.{name}" for name in config[kind] if config[kind][name] is not None]
    before, now = part_names(origin), part_names(config)
    if kind not in now:
        # Set by the user, they are an error; left from another model, they are not.
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

    Arguments of components that are not chosen stay None. So do values that are found from the
    data: train.loop puts them in.

    Raises:
      ValueError: an unknown name, an argument that a component does not take, or a part that the
        model does not take.
    """
    catalog.check_name(catalog.table("model"), config.model.name, "model")
    values = flat(config)
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
    """Put the arguments of one component into `values`: of `options`, else the class's defaults."""
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
