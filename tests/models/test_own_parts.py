"""Own parts given as classes: the model supplies their sizes, saved files give them back."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.tiny_models import IMAGE, batch
from tfgvae import GVAE, Infusion, Marginal, SeqVAE
from tfgvae.corruptions import Corruption
from tfgvae.corruptions.gaussian import Gaussian as Noise
from tfgvae.families import Bernoulli, Family, Gaussian
from tfgvae.inference import Gaussian as GaussianInference
from tfgvae.inference import Inference
from tfgvae.mappings import MLP, Mapping
from tfgvae.priors import Mixture, Prior
from tfgvae.regularizers import KL, MMD, Regularizer

register = keras.saving.register_keras_serializable("tests.own_parts")
SMALL = {
    "mapping": {"name": "mlp", "dense": ()},
    "inference": {"name": "gaussian", "trunk": "mlp", "dense": ()},
}


# What a part needs of the others.
FIRST = {"corruption": {"family": "gaussian"}}


@register
class OwnMapping(Mapping):
    """Its constructor leaves the sizes to **kwargs."""

    def __init__(self, width: int = 4, **kwargs):
        super().__init__(**kwargs)
        self.width = width
        self._layers_in_order = keras.Sequential(
            [
                keras.layers.Dense(width),
                keras.layers.Dense(math.prod(self.params_shape)),
                keras.layers.Reshape(self.params_shape),
            ]
        )

    def get_config(self):
        return {**super().get_config(), "width": self.width}


@register
class OwnInference(Inference):
    """Its constructor names the sizes."""

    def __init__(self, latent_dim: int, image_shape: tuple, width: int = 4, **kwargs):
        super().__init__(latent_dim, image_shape, **kwargs)
        self.width = width
        self.stack = keras.Sequential(
            [keras.layers.Flatten(), keras.layers.Dense(width), keras.layers.Dense(2 * latent_dim)]
        )

    def build(self, x_shape=None):
        if not self.built:
            self.stack.build((None, *self.image_shape))
            self.built = True

    def call(self, x, training=False):
        return self.moments(self.stack(x, training=training))

    def get_config(self):
        return {**super().get_config(), "width": self.width}


@register
class OwnFamily(Gaussian):
    """No constructor of its own."""


@register
class OwnRegularizer(KL):
    pass


@register
class OwnPrior(Mixture):
    pass


@register
class OwnCorruption(Noise):
    pass


def rest():
    """The other network of a model with an own mapping: a small one."""
    return {"inference": SMALL["inference"]}


PARTS = {
    "family": (OwnFamily, "scale", 0.25),
    "mapping": (OwnMapping, "width", 3),
    "inference": (OwnInference, "width", 3),
    "regularizer": (OwnRegularizer, "free_bits", 0.5),
    "prior": (OwnPrior, "components", 3),
    "corruption": (OwnCorruption, "stddev", 0.25),
}


def part_of(model, kind):
    return model.latent_prior if kind == "prior" else getattr(model, kind)


@pytest.mark.parametrize("kind", PARTS)
def test_a_class_or_a_dict_with_a_class_gets_its_sizes_from_the_model(kind, tmp_path):
    cls, option, value = PARTS[kind]
    for number, spec in enumerate((cls, {"name": cls, option: value, "dtype": None})):
        model = GVAE(IMAGE, 2, seed=1, **{**FIRST.get(kind, {}), **SMALL, kind: spec})
        part = part_of(model, kind)
        assert type(part) is cls
        assert (getattr(part, option) == value) is bool(number)
        for name, size in {"latent_dim": 2, "image_shape": IMAGE}.items():
            assert getattr(part, name, size) == size
        x = batch(model)
        model.save(tmp_path / "m.keras")
        again = keras.models.load_model(tmp_path / "m.keras")
        assert type(part_of(again, kind)) is cls
        np.testing.assert_array_equal(model.reconstruct(x, seed=3), again.reconstruct(x, seed=3))


def test_the_weights_of_a_class_follow_from_the_seed_of_the_model():
    first, same, other = (GVAE(IMAGE, 2, mapping=OwnMapping, seed=s, **rest()) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.mapping.weights[0], same.mapping.weights[0])
    assert not np.array_equal(first.mapping.weights[0], other.mapping.weights[0])


def test_a_mapping_of_a_model_with_labels_gets_their_number_too():
    model = GVAE(IMAGE, 2, num_classes=3, mapping=OwnMapping, **rest())
    assert model.mapping.latent_dim == 5


def test_the_other_models_take_classes(tmp_path):
    steps = {"num_steps": 2, "latent_dim": 4, "width": 2, "dense": (4,)}
    models = [
        SeqVAE(
            IMAGE, family=OwnFamily, regularizer={"name": OwnRegularizer, "weight": 2.0}, **steps
        ),
        Infusion(IMAGE, num_steps=2, family=OwnFamily, mapping={"name": OwnMapping, "width": 2}),
        Marginal(IMAGE, family=Bernoulli),
    ]
    assert type(models[0].family) is OwnFamily and float(models[0].regularizer.weight) == 2.0
    assert [(type(step), step.width) for step in models[1].steps] == [(OwnMapping, 2)] * 2
    for model in models:
        model.save(tmp_path / "m.keras")
        again = keras.models.load_model(tmp_path / "m.keras")
        assert type(again.family) is type(model.family)
        for a, b in zip(model.weights, again.weights, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_class_of_the_package_works_as_its_name():
    by_class = GVAE(IMAGE, 2, seed=3, mapping={"name": MLP, "dense": ()}, **rest())
    by_name = GVAE(IMAGE, 2, seed=3, **SMALL)
    for a, b in zip(by_class.weights, by_name.weights, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("kind", "base"),
    {
        "family": Family,
        "mapping": Mapping,
        "inference": Inference,
        "regularizer": Regularizer,
        "prior": Prior,
        "corruption": Corruption,
    }.items(),
)
def test_a_class_of_another_kind_is_refused(kind, base):
    said = f"{kind} must be a subclass of {base.__name__}, got the class Dense"
    for spec in (keras.layers.Dense, {"name": keras.layers.Dense, "units": 3}):
        with pytest.raises(TypeError, match=said) as error:
            GVAE(IMAGE, **{kind: spec})
        assert "\n" not in str(error.value)


def test_a_class_that_keras_could_not_load_is_refused():
    class Forgotten(OwnMapping):
        """Its base class is registered, it is not."""

    with pytest.raises(ValueError, match="the mapping Forgotten is not registered with Keras") as e:
        GVAE(IMAGE, mapping=Forgotten)
    assert "\n" not in str(e.value) and "register_keras_serializable" in str(e.value)
    # The sentence is true, and to follow it helps.
    made = Forgotten(latent_dim=2, params_shape=IMAGE)
    with pytest.raises(TypeError, match="Forgotten"):
        keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(made))
    assert type(GVAE(IMAGE, 2, mapping=register(Forgotten), **rest()).mapping) is Forgotten


def test_options_of_a_class_are_checked():
    with pytest.raises(ValueError, match=r"mapping OwnMapping takes no depth; it takes: \['width"):
        GVAE(IMAGE, mapping={"name": OwnMapping, "depth": 2})
    with pytest.raises(ValueError, match="the latent_dim of a mapping is not free"):
        GVAE(IMAGE, mapping={"name": OwnMapping, "latent_dim": 2})


def test_mmd_and_a_gaussian_by_class_train():
    model = GVAE(IMAGE, 2, mapping=OwnMapping, inference=GaussianInference, regularizer=MMD)
    model.compile(keras.optimizers.SGD(1e-3))
    before = tf.identity(model.mapping.weights[0])
    model.fit(batch(model), epochs=1, verbose=0, shuffle=False)
    assert not np.array_equal(before, model.mapping.weights[0])
