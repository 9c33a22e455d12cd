"""Estimators of the properties of a trained model, with assumptions and standard errors."""
