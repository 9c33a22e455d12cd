"""Training on several machines: --strategy=multiworker.

cluster    TF_CONFIG: who the workers are, and which one this process is
joining    the strategy, once all workers have come
team       what a worker does, and what it leaves to the chief; decisions that all of them share
saving     checkpoints: the chief's file, which all workers resume from
stopping   a signal to one worker stops all of them after the same step
loopback   workers on this machine, for tests and benchmarks

The model's side is in tfgvae: models/worker_methods.py and data/division.py.
"""
