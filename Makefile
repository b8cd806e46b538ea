# The two commands of the README: make demo, make test. Both need Python 3.11 or newer, and nothing else.

PYTHON ?= python3
BIN := .venv/bin
# A machine with an NVIDIA driver installs the Sync-LoRA engine too.
REQUIREMENTS := $(if $(shell command -v nvidia-smi),requirements.txt,requirements-cpu.txt)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test check format clean

demo: .venv/installed-$(REQUIREMENTS)
	$(BIN)/python app.py

test: check
	$(BIN)/python -m pytest

check: .venv/installed-requirements-dev.txt
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/pyright

format: .venv/installed-requirements-dev.txt
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

clean:
	rm -rf .venv

.venv/installed-%: % $(wildcard requirements*.txt) | .venv/made
	@echo "Installing $<, once …"
	$(PIP) -r $<
	touch $@

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Name another one: make demo PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	touch $@
