# The two commands of the README: make demo, make test. Both need Python 3.11 or newer, and nothing else.

PYTHON ?= python3
BIN := .venv/bin
# A machine with an NVIDIA driver installs the Sync-LoRA engine too.
REQUIREMENTS := $(if $(shell command -v nvidia-smi),requirements.txt,requirements-cpu.txt)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Node comes from PyPI, with the requirements of the checks.
NODE := $(BIN)/node
TSC := $(NODE) node_modules/typescript/bin/tsc
BIOME := $(NODE) node_modules/@biomejs/biome/bin/biome

.PHONY: demo faces test check draft-quality chromium format scenes clean

demo: .venv/installed-$(REQUIREMENTS)
	$(BIN)/python app.py

# An extra: what follows faces in the sync report. The model is not part of it.
faces: .venv/installed-requirements-faces.txt

# The browser tests have the machine to themselves: they follow clocks.
test: check chromium
	$(NODE) --test 'tests/js/*.test.mjs'
	$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=worksteal tests/unit tests/app
	$(BIN)/python -m pytest tests/browser

check: .venv/installed-requirements-dev.txt node_modules/installed
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIOME) check
	$(TSC)
	$(TSC) --project tests/js

# For a night: fails where the draft engine has lost quality against benchmarks/baselines/draft.json.
draft-quality: .venv/installed-$(REQUIREMENTS)
	$(BIN)/python -m benchmarks.draft --check

# The browser tests drive Debian's Chromium; as root it is installed, otherwise it is asked for.
chromium:
	@command -v chromium >/dev/null || { test "$$(id -u)" = 0 && apt-get -qq update && apt-get -qq -y install chromium; } \
		|| { echo "The browser tests need Chromium: apt-get install chromium"; exit 1; }

format: .venv/installed-requirements-dev.txt node_modules/installed
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(BIOME) check --write

# Renders the examples anew, for an hour or more; stopped, it goes on where it was. Blender needs Python 3.11.
scenes: .venv/installed-$(REQUIREMENTS) .venv-scenes/installed
	.venv-scenes/bin/python -m examples.scenes.render
	$(BIN)/python -m examples.scenes.encode

.venv-scenes/installed: requirements-scenes.txt
	$(PYTHON) -m venv .venv-scenes
	.venv-scenes/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

clean:
	rm -rf .venv .venv-scenes node_modules renders

node_modules/installed: package-lock.json .npmrc .venv/installed-requirements-dev.txt
	@echo "Installing what checks the JavaScript, once …"
	$(BIN)/npm ci --loglevel=error
	touch $@

.venv/installed-%: % $(wildcard requirements*.txt) | .venv/made
	@echo "Installing $<, once …"
	$(PIP) -r $<
	touch $@

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Name another one: make demo PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	touch $@
