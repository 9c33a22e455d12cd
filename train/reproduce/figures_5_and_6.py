"""Figures 5 and 6: train with R = KL and with R = 0, measure the runs, draw them side by side."""

from train.reproduce import preference, preference_figure
from train.reproduce.results import write


def run(context, name, recipe, settings, panels, claims):
    """Train, measure, draw, write NAME.*.

    Args:
      context: a Context.
      name: the experiment's name.
      recipe: a name in configs.RECIPES.
      settings: a preference.Settings; with num_samples = 0 there are no Frechet distances, and
        without P alone no code lengths.
      panels: [(column of preference.over_training, the axis' label)], the curves to draw.
      claims: a function of the curves and of {"frechet_distance", "mutual_information",
        "bits_per_sub_pixel"}, each {variant: what was measured}, that returns [Claim].
    """
    if settings.num_samples:
        context.require_labels(recipe)
    folders = preference.train(context, name, recipe, settings)
    curves = {
        variant: preference.over_training(context, folder, variant, settings)
        for variant, folder in folders.items()
    }
    drawn = {
        k: preference.samples(context, path, settings, settings.lengths(k), fit=k == "corrupted")
        for k, path in folders.items()
    }
    found = {}
    if "corrupted" in folders:
        found["mutual_information"] = {
            k: preference.compared(context, folders[k], k, settings) for k in ("kl", "corrupted")
        }
    if settings.num_samples:
        found["frechet_distance"] = {
            k: preference.distances(context, path, drawn[k], settings)
            for k, path in folders.items()
        }
    if "alone" in folders:
        found["bits_per_sub_pixel"] = {
            k: preference.code_length(context, path, settings) for k, path in folders.items()
        }
    rows = [row for made in curves.values() for row in made]
    figure = preference_figure.draw(curves, drawn, settings, panels)
    write(context, name, figure, settings, rows, claims(curves, found), found)
