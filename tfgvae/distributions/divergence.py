"""KL(q(z|x) || p(z)): the closed form if there is one, else the estimate from one draw."""

from tensorflow_probability import distributions as tfd

from tfgvae.types import Distribution, Tensor


def is_factorised(q: Distribution) -> bool:
    """Whether q is a tfd.Independent of scalar distributions: one divergence per dimension."""
    return isinstance(q, tfd.Independent) and q.distribution.event_shape.rank == 0


def is_gaussian(q: Distribution) -> bool:
    """Whether q is a diagonal Gaussian: a tfd.Independent of Normals."""
    return is_factorised(q) and isinstance(q.distribution, tfd.Normal)


def kl_divergence(q: Distribution, prior: Distribution, z: Tensor) -> Tensor:
    """KL(q || prior) per row: [B] nats.

    If TFP has no closed form, it is the estimate from one draw, log q(z|x) - log p(z), which is
    unbiased and may be negative for a row.

    Args:
      q: batch [B], event of z's shape.
      prior: no batch, the same event.
      z: [B, *event], one draw from q.
    """
    try:
        return tfd.kl_divergence(q, prior)
    except NotImplementedError:
        return q.log_prob(z) - prior.log_prob(z)


def kl_terms(q: Distribution, prior: Distribution) -> Tensor:
    """The closed-form divergence of each dimension: [B, *event] nats. Their sum is the KL.

    Args:
      q: batch [B].
      prior: the same event, with or without a batch [B].

    Raises:
      NotImplementedError: q or the prior has no divergence per dimension.
    """
    if not (is_factorised(q) and is_factorised(prior)):
        raise NotImplementedError(
            f"no divergence per dimension between {type(q).__name__} and {type(prior).__name__}"
        )
    return tfd.kl_divergence(q.distribution, prior.distribution)
