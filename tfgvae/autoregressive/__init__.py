"""One network over the pixels of an image, written once and evaluated in four ways.

causal, gated, gated_resnet, weight_norm    the layers
evaluation, incremental                     the evaluators: a whole image, the first batch, a row,
                                            a pixel
raster                                      the loops over rows and pixels that draw an image
"""
