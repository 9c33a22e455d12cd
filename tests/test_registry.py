"""Specifications of components: a name, a dict or an instance, and nothing else."""

import pytest

from tfgvae import GVAE
from tfgvae.families import FAMILIES, Bernoulli, Family
from tfgvae.mappings import MAPPINGS
from tfgvae.registry import make

IMAGE = (8, 8, 1)


def test_an_instance_of_the_base_class_passes_through():
    class Own(Family):
        """Not in the table."""

    own = Own()
    assert make(FAMILIES, own, "family", Family) is own
    assert isinstance(make(FAMILIES, "bernoulli", "family", Family), Bernoulli)


@pytest.mark.parametrize("spec", [None, 5, ("bernoulli",)])
def test_what_is_no_specification(spec):
    with pytest.raises(TypeError, match=r"family must be an instance of Family, one of the names"):
        GVAE(IMAGE, family=spec)


def test_a_component_of_another_folder_is_refused():
    with pytest.raises(TypeError, match="mapping must be an instance of Mapping"):
        GVAE(IMAGE, mapping=Bernoulli())


def test_what_the_model_supplies_is_not_free():
    with pytest.raises(ValueError, match="the latent_dim of a mapping is not free"):
        GVAE(IMAGE, mapping={"name": "mlp", "latent_dim": 7})
    # None is "the default" in a configuration.
    spec = {"name": "mlp", "latent_dim": None, "dense": ()}
    given = {"latent_dim": 2, "params_shape": IMAGE}
    assert make(MAPPINGS, spec, "mapping", **given).latent_dim == 2


@pytest.mark.parametrize("seed", [1.7, True, 2**63, "1"])
def test_what_is_no_seed_of_a_model(seed):
    with pytest.raises(ValueError, match="seed must be an integer"):
        GVAE(IMAGE, seed=seed)
