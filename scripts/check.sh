#!/usr/bin/env bash
# All checks of CI, in the current environment (CI makes a new one first: .ci/run).
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/lint.sh
python -m pytest "$@"
