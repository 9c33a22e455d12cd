#!/usr/bin/env bash
# Format, lint and types, as CI does.
set -euo pipefail
cd "$(dirname "$0")/.."
ruff format --check .
ruff check .
mypy
