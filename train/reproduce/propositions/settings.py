"""Sizes of the finite spaces, of the simulations and of the trainings."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Settings:
    """Sizes of the propositions' spaces, simulations and trainings.

    Attributes:
      binary: height and width of the binary images; X is the set of all 2^(height width).
      num_z: number of codes for binary images.
      grey: height, width and levels of the grey images.
      grey_z: number of codes for grey images.
      chain_length: steps of the sequential chain (Prop. 5).
      step_z: number of codes per step of that chain.
      small: height and width of the binary images for a trained q (Section 4).
      restarts: number of those trainings; the best one counts.
      num_chains: chains of each simulation.
      steps: steps of Adam.
    """

    binary: tuple = (2, 3)
    num_z: int = 8
    grey: tuple = (2, 2, 3)
    grey_z: int = 6
    chain_length: int = 4
    step_z: int = 3
    small: tuple = (1, 3)
    restarts: int = 32
    num_chains: int = 10**8
    steps: int = 2500


SETTINGS = {
    "quick": Settings(),
    "paper": Settings(
        binary=(3, 3),
        num_z=16,
        grey=(2, 3, 3),
        grey_z=12,
        chain_length=5,
        small=(2, 2),
        restarts=128,
        num_chains=10**10,
        steps=6000,
    ),
}
