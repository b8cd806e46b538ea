#!/bin/sh
# What an image installs, and what `make image-steps` tries in an environment of its own:
#   docker/install.sh PYTHON FOLDER REQUIREMENTS
# makes the environment FOLDER by PYTHON, installs REQUIREMENTS, and has the program say what it finds.
set -eu
python=$1 folder=$2 requirements=$3
"$python" -m venv "$folder"
"$folder/bin/python" -m pip install --no-cache-dir --disable-pip-version-check --quiet -r "$requirements"
"$folder/bin/python" -m syncedit_demo doctor
