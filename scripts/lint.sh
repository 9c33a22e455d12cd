#!/usr/bin/env bash
# Check format, lint and types, as in CI.
set -euo pipefail
cd "$(dirname "$0")/.."
ruff format --check .
ruff check .
mypy
