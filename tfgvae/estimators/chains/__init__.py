"""Gibbs chains under observation: run them, follow them, say whether they mix."""
