"""The precisions of a run: --config.precision."""

# Names of Keras's policies. With a mixed one the networks compute in half precision: bfloat16 has
# the range of float32 and 8 bits; float16 has 11 bits, a small range, and needs loss scaling.
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
