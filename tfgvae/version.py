"""The version of the package, in one place: setup.py reads it."""

VERSION = "0.2.0"
