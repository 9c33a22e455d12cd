"""Building blocks that the other folders share."""
