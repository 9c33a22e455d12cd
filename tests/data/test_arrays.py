"""Arrays as a data set: in Python, and in .npz and .npy files."""

import zipfile

import numpy as np
import pytest
import tensorflow as tf

from configs import check
from tests.train import tiny_runs as tiny
from tfgvae import checks, data
from tfgvae.data.source import is_test
from train import run

rng = np.random.default_rng(0)
X = rng.integers(0, 256, (30, 8, 9, 1)).astype(np.uint8)
RGB = rng.integers(0, 256, (5, 8, 9, 3)).astype(np.uint8)
Y = np.arange(30) % 4


def collect(*args, **options):
    """All of one pass: levels [N, H, W, C], labels [N] or None."""
    batches = list(data.load(*args, batch_size=8, **options).as_numpy_iterator())
    images = np.concatenate([batch["image"] for batch in batches])
    labels = [batch["label"] for batch in batches if "label" in batch]
    return np.rint(images * 255).astype(np.uint8), np.concatenate(labels) if labels else None


@pytest.fixture
def saved(tmp_path):
    """A function (arrays by key) that writes them and returns the name of the data set."""

    def save(**arrays):
        np.savez_compressed(tmp_path / "a.npz", **arrays)
        return f"npz:{tmp_path / 'a.npz'}"

    return save


# --- what is given is what comes out --------------------------------------------------------------


def test_splits_have_the_keys_of_keras(saved):
    """As in mnist.npz: images [N, H, W], labels uint8. A label means the same in every split."""
    arrays = {"x_train": X[:20, ..., 0], "y_train": Y[:20].astype(np.uint8)}
    name = saved(**arrays, x_test=X[20:, ..., 0], y_test=np.zeros(10, np.uint8))
    for given in (name, dict(np.load(name[4:]))):
        images, labels = collect(given)
        np.testing.assert_array_equal(images, X[:20])
        np.testing.assert_array_equal(labels, Y[:20])
        np.testing.assert_array_equal(collect(given, "test")[0], X[20:])
        assert data.info(given, "test").num_classes == 4
        assert data.info(given).image_shape == (8, 9, 1)
        with pytest.raises(ValueError, match="must be one of train, test, got 'validation'"):
            data.load(given, "validation")


@pytest.mark.parametrize("keys", [("image", "label"), ("images", "labels")])
def test_one_set_is_split_by_a_hash_of_the_row(keys, saved):
    test = np.array([is_test(str(i)) for i in range(30)])
    assert 0 < test.sum() < 10
    name = saved(**{keys[0]: X, keys[1]: Y[:, None]})
    for split, rows in (("train", ~test), ("test", test)):
        images, labels = collect(name, split)
        np.testing.assert_array_equal(images, X[rows])
        np.testing.assert_array_equal(labels, Y[rows])
    with pytest.raises(ValueError, match="must be one of train, test, got 'validation'"):
        data.load(name, "validation")


@pytest.mark.parametrize(
    "save", [np.save, lambda file, array: np.save(file, np.asfortranarray(array))]
)
def test_a_file_of_one_array(save, tmp_path):
    save(tmp_path / "a.npy", RGB.repeat(4, 0))
    found = [collect(f"npy:{tmp_path / 'a.npy'}", split)[0] for split in ("train", "test")]
    rows = np.concatenate(found)
    assert sorted(x.tobytes() for x in rows) == sorted(x.tobytes() for x in RGB.repeat(4, 0))


@pytest.mark.parametrize("split", ["train", "test", "mine"])
def test_arrays_in_python_are_used_whole(split):
    for given in (X, tf.constant(X), {"image": X, "label": None}, X[..., 0]):
        images, labels = collect(given, split)
        np.testing.assert_array_equal(images, X)
        assert labels is None and data.info(given, split).num_examples == 30
    images, labels = collect({"image": X, "label": Y}, split)
    np.testing.assert_array_equal(labels, Y)


@pytest.mark.parametrize("cache_bytes", [0, 1 << 30])
def test_options_of_load_apply(cache_bytes):
    """Streamed and cached, the order of an epoch is a permutation of the rows with their labels."""
    given = {"image": X, "label": np.arange(30)}
    images, labels = collect(given, shuffle=True, seed=3, cache_bytes=cache_bytes)
    assert labels.tolist() != sorted(labels) and sorted(labels) == list(range(30))
    np.testing.assert_array_equal(images, X[labels])
    small, _ = collect(RGB, image_size=4, grayscale=True, num_examples=2, cache_bytes=cache_bytes)
    assert small.shape == (2, 4, 4, 1)


@pytest.mark.parametrize(
    ("given", "levels"),
    [
        (X.astype(np.int64), X),
        (X / np.float32(255), X),
        (X / np.float64(255) + 0.4 / 255, X),
        (np.clip(X / 255, 0, 1) * (1 + 1e-6), X),
        (X > 99, 255 * (X > 99)),
        ((X > 99).astype(np.float16), 255 * (X > 99)),
        (np.zeros_like(X), 0 * X),
    ],
    ids=["integers", "float32", "rounded", "slack", "bools", "float16", "black"],
)
def test_pixels_of_every_type_become_levels(given, levels):
    # 0.4 of a level above the last one is out of range.
    given = np.minimum(given, 1.0) if given.dtype == np.float64 else given
    np.testing.assert_array_equal(collect(given)[0], levels)


# --- what is wrong is one sentence that names the file --------------------------------------------

WRONG = [
    ({"x_train": X * 2.0}, "x_train: expected floats in .0, 1., got .lowest, highest. 0, 510"),
    ({"x_train": X / 255 - 0.5}, r"x_train: expected floats in \[0, 1\]"),
    ({"x_train": np.full(X.shape, np.nan)}, r"expected floats in \[0, 1\], got .* nan"),
    ({"x_train": X.astype(int) - 1}, "expected integers from 0 to 255, got .* -1, 254"),
    (
        {"x_train": X > 99, "y_train": Y[:5]},
        "y_train: expected a label for each of 30 images, got 5",
    ),
    ({"x_train": X, "y_train": Y / 2}, "y_train: expected labels that are integers"),
    (
        {"x_train": X, "y_train": np.eye(30, dtype=int)},
        r"labels that are integers \[N\], got shape",
    ),
    ({"x_train": X, "y_train": Y - 2}, r"expected labels from 0 to \d+ .* -2, 1"),
    ({"x_train": (X > 99).astype(np.uint8)}, "got only 0 and 1: save binary images as bools"),
    (
        {"x_train": X[0, ..., 0]},
        r"x_train: expected images \[N, H, W\] or \[N, H, W, C\], got shape",
    ),
    ({"x_train": np.float32(3)}, r"expected images \[N, H, W\] .* got shape \(\)"),
    ({"image": np.float32(3)}, r"expected images \[N, H, W\] .* got shape \(\)"),
    ({"x_train": X[:0]}, "x_train: expected at least one image"),
    (
        {"x_train": X.astype(str)},
        "expected pixels that are integers, bools or floats, got dtype <U",
    ),
    ({"x_train": X.astype(complex)}, "expected pixels that are integers, .* got dtype complex"),
    ({"x_test": X}, "must be one of test, got 'train'"),
    ({"arr_0": X}, "must have images under x_train and x_test, or under image; its keys: arr_0"),
    ({}, "its keys: none"),
]


@pytest.mark.parametrize(("arrays", "message"), WRONG)
def test_wrong_arrays(arrays, message, saved):
    name = saved(**arrays)
    for given in (name, arrays):
        with pytest.raises(ValueError, match=message) as error:
            data.load(given)
        assert "\n" not in str(error.value)
        assert given is not name or name[4:] in str(error.value)


def test_pickled_objects_are_never_loaded(tmp_path, saved):
    ran = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return (open, (str(ran), "w"))

    for arrays in ({"x_train": np.array([Evil()])}, {"x_train": X, "y_train": np.array([Evil()])}):
        name = saved(**arrays)
        with pytest.raises(ValueError, match=r"a\.npz, ._train: .* got pickled objects"):
            data.load(name)
    np.save(tmp_path / "a.npy", np.array([Evil()]))
    with pytest.raises(ValueError, match=r"a\.npy.* got pickled objects"):
        data.load(f"npz:{tmp_path / 'a.npy'}")
    assert not ran.exists()


def cut(content):
    return content[: len(content) // 2]


def flip(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]


def text(content):
    return b"no arrays\n"


def nothing(content):
    return b""


@pytest.mark.parametrize("harm", [cut, flip, text, nothing])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_damaged_archives_are_named(save, harm, tmp_path):
    path = tmp_path / "a.npz"
    save(path, x_train=X, y_train=Y)
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(ValueError, match=rf"{path} cannot be read: \S") as error:
        data.load(f"npz:{path}")
    assert "\n" not in str(error.value)


def longer(content):
    return content + b"more"


def header(content):
    return content[:20] + b"?" * 20 + content[40:]


def version(content):
    return content[:6] + b"\x09" + content[7:]


@pytest.mark.parametrize("harm", [cut, longer, header, version])
def test_damaged_arrays_are_named(harm, tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, X)
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(ValueError, match=rf"{path} cannot be read: \S"):
        data.load(f"npz:{path}")


def test_a_header_that_promises_too_much_is_refused_before_memory_is_taken(tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive, archive.open("x_train.npy", "w") as member:
        shape = {"descr": "|u1", "fortran_order": False, "shape": (10**9, 1024, 1024, 3)}
        np.lib.format.write_array_header_1_0(member, shape)
    with pytest.raises(ValueError, match=rf"{path}, x_train, must take at most .* GiB"):
        data.load(f"npz:{path}")
    assert checks.MEMORY_SHARE > 1


@pytest.mark.parametrize("name", ["npz:", "npz:/absent.npz", "npy:/absent.npy", "npz:/tmp"])
def test_no_such_file(name):
    for look in (data.load, check.check_dataset):
        with pytest.raises(FileNotFoundError, match="npz:PATH must name a file of numpy arrays"):
            look(name)


@pytest.mark.parametrize("name", [[[1.0]] * 999, 3, None])
def test_what_is_no_data_set(name):
    with pytest.raises(ValueError, match="name must be the name of a data set, or arrays") as error:
        data.load(name)
    assert len(str(error.value)) < 200


# --- a run ---------------------------------------------------------------------------------------


def train(tmp_path, name, *flags):
    few = ("--steps=2", "--config.pictures.num=0", f"--dataset={name}")
    return run.main(["run", *tiny.SMALLEST, f"--workdir={tmp_path / 'run'}", *few, *flags])


def test_a_run_on_a_file(tmp_path, saved):
    name = saved(x_train=X[:20, :, :8], x_test=X[20:, :, :8])
    assert train(tmp_path, name) == 0
    assert run.main(["run", f"--workdir={tmp_path / 'run'}", "--steps=3"]) == 0


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x_train": X}, "must be one of train, got 'test'"),
        ({"x_train": 2.0 * X, "x_test": X}, "x_train: expected floats"),
        ({"x_train": X, "x_test": X * 2.0}, "x_test: expected floats"),
    ],
)
def test_a_run_on_a_wrong_file_has_status_2(arrays, message, tmp_path, saved, capsys):
    assert train(tmp_path, saved(**arrays)) == 2
    said = capsys.readouterr().err.strip()
    assert "a.npz" in said and message in said and "\n" not in said
    assert not (tmp_path / "run").exists()
