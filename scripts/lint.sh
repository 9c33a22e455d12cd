#!/usr/bin/env bash
# Format and lint, as CI does.
set -euo pipefail
cd "$(dirname "$0")/.."
ruff format --check .
ruff check .
