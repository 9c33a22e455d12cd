#!/usr/bin/env bash
# All that CI runs, in the environment at hand (CI makes a fresh one first: .ci/run).
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/lint.sh
python -m pytest "$@"
