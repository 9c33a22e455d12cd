"""Run Gibbs chains, record their states, and test whether they mix."""
