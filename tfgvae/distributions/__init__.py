"""Distributions that TFP does not have; draws from noise and the KL of any distribution."""
