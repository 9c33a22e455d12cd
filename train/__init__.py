"""Training from the command line.

Importing this package sets the environment that TensorFlow reads when it is imported. TensorFlow
itself comes with train.start, which whatever needs it imports first.
"""

import os

# oneDNN makes convolutional training on CPUs about 1.5 times as fast; some builds leave it off.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
