#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image.
set -euo pipefail
source=${AUTOGRADER_ROOT:-/autograder}/source
home=${BACKPROOF_HOME:-/opt/backproof}

# uv brings the Python that the assignment was written with; the image's own may be too old.
apt-get update
apt-get install -y --no-install-recommends python3-venv
python3 -m venv "$home/uv"
"$home/uv/bin/pip" install --quiet uv
# Without isolation submissions run as another user, who has to be able to read it.
export UV_PYTHON_INSTALL_DIR=$home/python
export UV_PYTHON_PREFERENCE=${UV_PYTHON_PREFERENCE:-only-managed}
"$home/uv/bin/uv" venv --python "$(cat "$source/python-version.txt")" "$home/venv"
"$home/uv/bin/uv" pip install --python "$home/venv/bin/python" -r "$source/requirements.txt"

packages=$("$home/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
cp -r "$source/package/." "$packages"
"$home/venv/bin/python" -m compileall -q "$packages/backproof"
