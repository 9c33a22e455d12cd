"""P: families of distributions over images. One file and one line here for each."""

from tfgvae.families.base import Family
from tfgvae.families.bernoulli import Bernoulli
from tfgvae.families.categorical import Categorical
from tfgvae.families.discretized_logistic import DiscretizedLogistic
from tfgvae.families.gaussian import Gaussian
from tfgvae.families.pixelcnn import PixelCNN
from tfgvae.families.pixelcnn_pp import PixelCNNPP

FAMILIES = {
    "bernoulli": Bernoulli,
    "categorical": Categorical,
    "discretized_logistic": DiscretizedLogistic,
    "gaussian": Gaussian,
    "pixelcnn": PixelCNN,
    "pixelcnn_pp": PixelCNNPP,
}

__all__ = [
    "FAMILIES",
    "Bernoulli",
    "Categorical",
    "DiscretizedLogistic",
    "Family",
    "Gaussian",
    "PixelCNN",
    "PixelCNNPP",
]
