"""tfgvae.estimators: its functions, whichever of the two is imported first; no slow imports."""

import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
SAME = (
    "active_units",
    "aggregate_posterior",
    "annealed_importance",
    "mutual_information",
    "posterior_variance",
    "precision_recall",
    "sharpness",
)


def run(program):
    """What a program prints as JSON, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


PACKAGE = "import tfgvae"
MODULES = "\n".join(f"from tfgvae.estimators.{name} import {name} as f_{name}" for name in SAME)
PLAIN = "\n".join(f"import tfgvae.estimators.{name}" for name in SAME)
CHECK = f"""
import importlib, json
import tfgvae
found = [
    [
        getattr(tfgvae.estimators, name) is globals()[f"f_{{name}}"],
        importlib.import_module(f"tfgvae.estimators.{{name}}").__name__,
    ]
    for name in {SAME}
]
print(json.dumps(found))
"""


@pytest.mark.parametrize(
    "order",
    [
        pytest.param((PACKAGE, MODULES, PLAIN), marks=pytest.mark.slow),
        (MODULES, PLAIN, PACKAGE),
        pytest.param((PLAIN, MODULES, PACKAGE), marks=pytest.mark.slow),
    ],
    ids=["package first", "from module first", "module first"],
)
def test_a_name_is_the_function_whatever_is_imported_first(order):
    found = run("\n".join([*order, CHECK]))
    assert found == [[True, f"tfgvae.estimators.{name}"] for name in SAME]


def test_every_exported_name_can_be_called():
    import tfgvae

    names = tfgvae.estimators.__all__
    assert set(SAME) | {"importance_weighted", "frechet_distance", "diagnose"} <= set(names)
    assert all(callable(getattr(tfgvae.estimators, name)) for name in names)


@pytest.mark.slow
def test_importing_tfgvae_imports_no_part_of_scipy_or_scikit_learn():
    """Keras and TensorFlow import some of both themselves: nothing is added to it."""
    added = run(
        "import json, sys\n"
        "import keras, tensorflow, tensorflow_probability\n"
        "tensorflow_probability.distributions, tensorflow_probability.bijectors\n"
        "before = set(sys.modules)\n"
        "import tfgvae\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    assert "tfgvae.estimators.precision_recall" in added
    slow = ("scipy", "sklearn", "matplotlib", "pandas", "train", "export")
    assert not [name for name in added if name.partition(".")[0] in slow]


@pytest.mark.slow
def test_importing_tfgvae_works_without_scikit_learn():
    """Keras asks for it and does without; so does tfgvae until an estimator needs it."""
    assert run(
        "import json, sys\n"
        "sys.modules['sklearn'] = None\n"
        "import tfgvae\n"
        "print(json.dumps(callable(tfgvae.estimators.precision_recall)))"
    )
