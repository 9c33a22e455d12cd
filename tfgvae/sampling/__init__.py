"""Samplers: functions of a model and row seeds, without state."""
