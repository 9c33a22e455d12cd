"""Distributions that TFP lacks, and what is asked of any distribution: noise to draws, KL."""
