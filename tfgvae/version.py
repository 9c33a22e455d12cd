"""The version of the package, in one place: setup.py reads it."""

VERSION = "0.1.0"
