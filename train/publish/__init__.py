"""Make a preset of a trained and evaluated run: `python -m train.publish`."""
