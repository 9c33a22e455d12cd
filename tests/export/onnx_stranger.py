"""A program that does not import the project: convert signatures to ONNX, and run them there.

usage: onnx_stranger.py FOLDER REQUESTS.npz ANSWERS.npz
"""

import collections
import subprocess
import sys

import numpy as np
import onnxruntime

folder, asked, answered = sys.argv[1:]
requests = collections.defaultdict(dict)
for key, value in np.load(asked).items():
    signature, name = key.split("/")
    requests[signature][name] = value

answers = {}
for signature, inputs in requests.items():
    path = f"{signature}.onnx"
    command = ["-m", "tf2onnx.convert", "--saved-model", folder, "--output", path]
    command += ["--signature_def", signature, "--tag", "serve", "--opset", "17"]
    subprocess.run([sys.executable, *command], check=True)
    session = onnxruntime.InferenceSession(path)
    names = [output.name for output in session.get_outputs()]
    for name, value in zip(names, session.run(names, inputs), strict=True):
        answers[f"{signature}/{name}"] = value
np.savez(answered, **answers)
