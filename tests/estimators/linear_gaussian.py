"""The linear-Gaussian VAE for the estimators' tests: a model and its laws.

z ~ N(0, I),  x ~ N(b + A z, s^2 I)   =>   x ~ N(b, A A' + s^2 I);  q(z|x) = N(G x + o, t^2),
any G, o, t; the exact posterior N(M^-1 A' (x - b) / s^2, M^-1), M = I + A' A / s^2, is one of
them, for the columns of A are orthogonal (Tipping and Bishop 1999).
"""

import math

import numpy as np
from scipy import stats

from tfgvae import GVAE

IMAGE, D, Z, S = (8, 8, 1), 64, 2, 0.3
LENGTHS = np.array([1.5, 0.7])
_rng = np.random.default_rng(0)
A = np.linalg.qr(_rng.normal(size=(D, Z)))[0] * LENGTHS
B = 0.5 + 0.1 * _rng.normal(size=D)
PRECISION = 1 + LENGTHS**2 / S**2
GAIN = A.T / S**2 / PRECISION[:, None]  # [Z, D]: the exact posterior's
COVARIANCE = A @ A.T + S**2 * np.eye(D)


def build(gain=GAIN, offset=None, stddev=PRECISION**-0.5, family=None):
    """The model with q(z|x) = N(gain x + offset, stddev^2); the exact posterior unless told."""
    model = GVAE(
        IMAGE,
        latent_dim=Z,
        family=family or {"name": "gaussian", "scale": S, "link": "identity"},
        mapping={"name": "mlp", "dense": ()},
        inference={"name": "gaussian", "trunk": "mlp", "dense": (), "min_stddev": 1e-4},
    )
    model.mapping.set_weights([A.T, B])
    offset = -gain @ B if offset is None else offset
    excess = np.broadcast_to(stddev, Z) - model.inference.min_stddev
    raw = np.log(np.expm1(excess)) - math.log(math.e - 1)
    kernel = np.concatenate([gain.T, np.zeros((D, Z))], axis=1)
    model.inference.set_weights([kernel, np.concatenate([offset, raw])])
    return model


def draws(count, seed):
    """x ~ p(x): [count, H, W, C]."""
    rng = np.random.default_rng(seed)
    x = B + rng.normal(size=(count, Z)) @ A.T + S * rng.normal(size=(count, D))
    return x.reshape(count, *IMAGE).astype(np.float32)


def log_p(x):
    """log p(x) in closed form: [N] nats."""
    return np.atleast_1d(stats.multivariate_normal(B, COVARIANCE).logpdf(np.reshape(x, [-1, D])))
