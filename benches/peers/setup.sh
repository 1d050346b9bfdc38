#!/usr/bin/env bash
# Makes the virtual environment in which the peers run: setup.sh [FOLDER], by default target/peers-venv.
# It takes about 6 GB, most of it torch's libraries for GPUs, which are not used. It knows nothing of the benchmarks.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=${1:-${CARGO_TARGET_DIR:-$here/../../target}/peers-venv}
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --requirement "$here/requirements.txt"
"$venv/bin/python" -c 'import jax, numpy, torch; print(*(f"{m.__name__} {m.__version__}" for m in (numpy, torch, jax)))'
