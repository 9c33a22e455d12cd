"""Training from the command line.

Importing this package sets the environment variables that TensorFlow reads at its import. It does
not import TensorFlow: modules that need it import train.start first.
"""

import os

from train import ours

# A file configs.py in the working directory would be found first.
ours.claim("configs")
ours.require("tfgvae")

# oneDNN makes convolutional training on CPUs about 1.5 times as fast; some builds leave it off.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
