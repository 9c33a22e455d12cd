"""Install tfgvae: `pip install -e .` to train, `pip install -e ".[test]"` to test."""

import pathlib
import re

from setuptools import find_packages, setup

ROOT = pathlib.Path(__file__).parent
VERSION = ROOT / "tfgvae" / "version.py"

setup(
    name="tfgvae",
    version=re.search('VERSION = "(.*)"', VERSION.read_text())[1],
    description="Generalised variational autoencoders in TensorFlow, Keras 3 and TFP",
    long_description=(ROOT / "README.md").read_text(),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    keywords="variational autoencoder, generative model, PixelCNN, TensorFlow Serving",
    classifiers=[
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3.11",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
    python_requires=">=3.11",
    packages=find_packages(include=["tfgvae*", "train*", "configs*", "export*"]),
    package_data={"tfgvae.zoo": ["*.json", "*/*.json", "*/*.npz"]},  # The presets.
    py_modules=["tfgvae_console"],
    entry_points={
        "console_scripts": [
            f"tfgvae-{name} = tfgvae_console:{name}"
            for name in (
                "train",
                "evaluate",
                "compare",
                "sweep",
                "publish",
                "reproduce",
                "export",
                "verify",
                "check",
            )
        ]
    },
    install_requires=[
        "tensorflow>=2.21,<2.22",
        "tf_keras>=2.21,<2.22",  # TensorFlow Probability cannot be imported without it.
        "tensorflow-probability>=0.25,<0.26",
        "keras>=3.15,<4",
        "tensorflow-datasets>=4.9.10",
        "importlib_resources",  # TFDS fails in download_and_prepare without it.
        "pillow",  # TFDS encodes images with it; we draw grids with it.
        "tensorboard",
        "absl-py",
        "ml_collections>=1.0",
        "numpy",
        "scikit-learn",  # The embedded digits.
        "scipy",
        "threadpoolctl",  # One thread of BLAS for small matrices; scikit-learn brings it too.
        "matplotlib",  # The plots of train.evaluate and train.reproduce.
    ],
    extras_require={
        "test": [
            "pytest",
            "pytest-xdist",
            "huggingface_hub>=1,<3",
            "hypothesis",  # scripts/fuzzing
            "jsonschema",  # The schema of cards; the package has a small check of its own.
            "ruff",
            "mypy",
            "tensorflow-serving-api>=2.21,<2.22",
        ],
        "serving": ["tensorflow-serving-api>=2.21,<2.22"],  # Clients; an export does without.
        "hub": ["huggingface_hub>=1,<3"],  # Presets of hf://user/name.
        "benchmarks": ["pythae==0.1.2", "torch"],  # The peers; nothing else imports them.
        "gpu": ["tensorflow[and-cuda]>=2.21,<2.22"],
        "docs": ["sphinx>=9,<10", "myst-nb>=1.4,<2", "pydata-sphinx-theme>=0.24,<0.25"],
    },
)
