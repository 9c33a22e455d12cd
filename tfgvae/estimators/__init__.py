"""Estimators of what a trained model knows, with their assumptions and error bars."""
