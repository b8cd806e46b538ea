# The two commands of the README: make demo, make test. Both need Python 3.11 or newer, and nothing else.

PYTHON ?= python3
# Where .venv has another Python than the one that is named, that one gets an environment beside it.
VENV := .venv
ifeq ($(origin PYTHON), command line)
version = $(shell $(1) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
WANTED := $(call version,$(PYTHON))
ifeq ($(WANTED),)
$(error $(PYTHON) does not run here: name another Python)
endif
ifneq ($(filter-out $(WANTED),$(call version,.venv/bin/python)),)
VENV := .venv-$(WANTED)
endif
endif
BIN := $(VENV)/bin
# A machine with an NVIDIA driver installs the Sync-LoRA engine too.
REQUIREMENTS := $(if $(shell command -v nvidia-smi),requirements.txt,requirements-cpu.txt)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Node comes from PyPI, with the requirements of the checks.
NODE := $(BIN)/node
TSC := $(NODE) node_modules/typescript/bin/tsc
BIOME := $(NODE) node_modules/@biomejs/biome/bin/biome
PYTEST := $(BIN)/python -m pytest
# What fails is tried once more, and named at the end as RERUN: browsers and encoders stumble now and then on a machine
# with every core busy. One that is named twice is a fault to be looked for.
AGAIN := --reruns=1 -rR
PARALLEL := --numprocesses=auto --maxprocesses=4 --dist=worksteal
SYNC_LORA_TESTS := tests/unit/engines/sync_lora tests/browser/test_page_sync_lora.py
# The rooms whose tests take a tenth of a second each rather than seconds.
TESTS ?= tests/unit/conform tests/unit/media tests/unit/ui tests/unit/test_plan.py tests/unit/test_project.py

.PHONY: help demo faces test test-cpu test-fast test-thorough check fuzz draft-quality mutants corpus chromium format image-steps scenes moving-picture screenshots clean

help:
	@echo "make demo            install what this machine needs, once, and serve the page"
	@echo "make faces           install what the sync report follows faces with"
	@echo "make test            every check and the tests of both engines; installs torch"
	@echo "make test-cpu        the same without torch and without the tests of the Sync-LoRA engine"
	@echo "make test-fast       what an edit needs at each turn, in under a minute; TESTS=tests/unit/media for one room"
	@echo "make test-thorough   further cases of what a quicker test holds, and the tools for measuring, in minutes"
	@echo "make check           formatting, lint, types, and who may import whom"
	@echo "make fuzz            read two thousand files that were spoilt, in minutes"
	@echo "make draft-quality   hold the draft engine's quality against what it was, for a night"
	@echo "make corpus DIR=x    what becomes of a folder of anybody's files, as one table"
	@echo "make mutants         show which small changes no test notices, for a night; MODULES=plan for one module"
	@echo "make format          put the code in its form"
	@echo "make scenes          render the examples anew (Blender, an hour or more)"
	@echo "make moving-picture  make the picture on top of the README anew"
	@echo "make image-steps     hold the Dockerfiles to their rules, and take their steps in an environment of their own"
	@echo "make screenshots     take the pictures of the page in docs/ anew"
	@echo "make clean           remove the environments and the renders"
	@echo
	@echo "PYTHON=python3.12 behind any of them names the Python that runs it."

demo: $(VENV)/installed-$(REQUIREMENTS)
	$(BIN)/python app.py

# An extra: what follows faces in the sync report. The model is not part of it.
faces: $(VENV)/installed-requirements-faces.txt

# The browser tests have the machine to themselves: they follow clocks.
test: check chromium
	$(NODE) --test 'tests/js/*.test.mjs'
	$(PYTEST) $(AGAIN) $(PARALLEL) tests/unit tests/app tests/hostile
	$(PYTEST) $(AGAIN) tests/browser

check: $(VENV)/installed-requirements-dev-sync-lora.txt node_modules/installed
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports
	$(BIOME) check
	$(TSC)
	$(TSC) --project tests/js

# Two thousand files that were spoilt in as many ways; another SYNCEDIT_FUZZ_SEED spoils them in others.
fuzz: $(VENV)/installed-$(REQUIREMENTS)
	SYNCEDIT_FUZZ_FILES=$${SYNCEDIT_FUZZ_FILES:-2100} $(PYTEST) tests/hostile

# For a night: fails where the draft engine has lost quality against benchmarks/baselines/draft.json.
draft-quality: $(VENV)/installed-$(REQUIREMENTS)
	$(BIN)/python -m benchmarks.draft --check

# Each file in a process of its own, under limits; fails where one ends in anything but a result or a sentence.
corpus: $(VENV)/installed-$(REQUIREMENTS)
	@test -d "$(DIR)" || { echo "Name a folder: make corpus DIR=folder"; exit 1; }
	$(BIN)/python -m benchmarks.corpus "$(DIR)"

# For a night: see benchmarks/mutants.py.
mutants: $(VENV)/installed-requirements-mutants.txt
	nice -n 10 $(BIN)/python -m benchmarks.mutants $(MODULES)

test-cpu: $(VENV)/installed-requirements-dev.txt node_modules/installed chromium
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/lint-imports
	$(BIOME) check
	$(TSC)
	$(TSC) --project tests/js
	$(NODE) --test 'tests/js/*.test.mjs'
	$(PYTEST) $(AGAIN) $(PARALLEL) tests/unit tests/app tests/hostile $(SYNC_LORA_TESTS:%=--ignore=%)
	$(PYTEST) $(AGAIN) tests/browser $(SYNC_LORA_TESTS:%=--ignore=%)
	@echo "Left out, for want of torch: $(SYNC_LORA_TESTS), and pyright. make test has them."

test-fast: $(VENV)/installed-requirements-dev.txt
	$(BIN)/ruff check
	$(BIN)/lint-imports
	$(PYTEST) $(PARALLEL) $(TESTS)

# What `make test` leaves out for the sake of time.
test-thorough: $(VENV)/installed-requirements-dev-sync-lora.txt
	$(PYTEST) $(PARALLEL) -m thorough tests

# The browser tests drive Debian's Chromium; as root it is installed, otherwise it is asked for.
chromium:
	@command -v chromium >/dev/null || { test "$$(id -u)" = 0 && apt-get -qq update && apt-get -qq -y install chromium; } \
		|| { echo "The browser tests need Chromium: apt-get install chromium"; exit 1; }

format: $(VENV)/installed-requirements-dev.txt node_modules/installed
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(BIOME) check --write

# Renders the examples anew, for an hour or more; stopped, it goes on where it was. Blender needs Python 3.11.
scenes: $(VENV)/installed-$(REQUIREMENTS) .venv-scenes/installed
	.venv-scenes/bin/python -m examples.scenes.render
	$(BIN)/python -m examples.scenes.encode

.venv-scenes/installed: requirements-scenes.txt
	$(PYTHON) -m venv .venv-scenes
	.venv-scenes/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

# Of the page in Chromium, for docs/; an edit is made for them at a desk and one on a phone, which takes minutes.
screenshots: $(VENV)/installed-requirements-dev.txt chromium
	$(BIN)/python -m examples.screenshots

moving-picture: $(VENV)/installed-$(REQUIREMENTS)
	$(BIN)/python -m examples.moving_picture

# What docker/Dockerfile.cpu does, without Docker; with requirements.txt for requirements-cpu.txt it is the other's.
image-steps: .venv-images/installed
	.venv-images/bin/hadolint docker/Dockerfile.*
	rm -rf .venv-images/steps
	docker/install.sh $(PYTHON) .venv-images/steps requirements-cpu.txt

.venv-images/installed: requirements-images.txt
	$(PYTHON) -m venv .venv-images
	.venv-images/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

clean:
	rm -rf .venv .venv-* node_modules renders

node_modules/installed: package-lock.json .npmrc $(VENV)/installed-requirements-dev.txt
	@echo "Installing what checks the JavaScript, once …"
	$(BIN)/npm ci --loglevel=error
	touch $@

$(VENV)/installed-%: % $(wildcard requirements*.txt) | $(VENV)/made
	@echo "Installing $<, once …"
	$(PIP) -r $<
	touch $@

$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Name another one: make demo PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	touch $@
