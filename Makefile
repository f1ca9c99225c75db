# Every target makes what it needs; `make` alone lists them. Another interpreter: make demo PYTHON=python3.12
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Empty when there is no such interpreter; install.py then never runs and the shell names what is missing.
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
RUNTIME := $(VENV)/.runtime-$(VERSION)
DEVELOPMENT := $(VENV)/.development-$(VERSION)

# What the demonstration says; its voice stays, as any other.
DEMO_TEXT ?= The birch canoe slid on the smooth planks, and the morning smelled of rain.
PYTEST := $(BIN)/python -m pytest
# A file's tests stay together: what a file makes once is made once. `make test TOGETHER=` runs them one by one.
# The long files come first by their names, so that no process is left alone with one at the end.
TOGETHER ?= -n $(PROCESSES) --maxprocesses 4 --dist loadfile --no-loadscope-reorder
PROCESSES = auto
# The short tests often wait for other processes: one more of them at once than there are cores.
test: PROCESSES = $(shell $(PYTHON) -c 'import os; print(min(os.cpu_count() or 1, 4) + 1)')
SRC := src tests benchmarks examples requirements

.PHONY: help demo serve test test-slow test-browser pictures test-engines test-all coverage check fix bench bench-voice clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(RUNTIME) ## train a voice from the sample recordings, speak, print the report
	@$(BIN)/voicewright clone examples/recordings --name Demo --say "$(DEMO_TEXT)" --out demo.wav

serve: $(RUNTIME) ## the service on port 3005: HTTP, a worker beside, the embedded database
	@$(BIN)/voicewright serve

test: $(DEVELOPMENT) ## the tests that take minutes (under 8 on 2 cores)
	@$(PYTEST) -q -m "not slow and not browser" $(TOGETHER)

test-slow: $(DEVELOPMENT) ## the tests that `make test` leaves out: whole trainings, hours of sound
	@$(PYTEST) -q -m "slow and not environment and not browser" $(TOGETHER)

test-browser: $(DEVELOPMENT) ## the panel in Chromium (/usr/bin/chromium), the whole journey among it
	@$(PYTEST) -q -m browser $(TOGETHER)

pictures: $(DEVELOPMENT) ## take the README's pictures again, as the browser tests see the pages
	@rm -rf $(VENV)/pictures; VOICEWRIGHT_PICTURES=$(VENV)/pictures $(PYTEST) -q -m browser $(TOGETHER)
	@for picture in $$(grep -o 'docs/pictures/[a-z-]*\.png' README.md); do taken=$(VENV)/pictures/$$(basename $$picture); if [ -e $$taken ]; then cp $$taken $$picture; fi; done

test-engines: $(DEVELOPMENT) ## XTTS-v2 and Chatterbox on tiny networks, in environments that pip makes
	@$(PYTEST) -q -m environment -n auto --maxprocesses 2 --dist loadgroup

test-all: test test-slow test-browser test-engines ## every test

coverage: $(DEVELOPMENT) ## the same as `test`, and what of the code it runs, in all of its processes; takes longer
	@rm -f .coverage .coverage.*
	@$(PYTEST) -q -m "not slow and not browser" $(TOGETHER) --cov --cov-report=
	@$(BIN)/python -m coverage report --format=total | sed 's/^/coverage with branches, per cent: /'

check: $(DEVELOPMENT) ## format, lint, types and the direction of imports; changes nothing
	@$(BIN)/ruff format --check --quiet $(SRC) || { echo "Run: make fix"; exit 1; }
	@$(BIN)/ruff check --quiet $(SRC)
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache > $(VENV)/imports.log || { cat $(VENV)/imports.log; exit 1; }
	@echo "check: format, lint, types and imports are in order"

fix: $(DEVELOPMENT) ## format and repair what ruff can repair
	@$(BIN)/ruff check --fix --quiet $(SRC) || true
	@$(BIN)/ruff format --quiet $(SRC)

bench: $(DEVELOPMENT) ## speed on this machine: intake, training, synthesis, speaking, the service, the registry, the host process
	@printf '## Intake, with ffmpeg beside it\n\n'; $(BIN)/python benchmarks/intake.py --measures
	@printf '\n## Training\n\n'; $(BIN)/python benchmarks/training.py
	@printf '\n## Synthesis, with the bare engine and espeak-ng beside it\n\n'; $(BIN)/python benchmarks/synthesis.py
	@printf '\n## Speaking, beside the bare engine\n\n'; $(BIN)/python benchmarks/speaking.py
	@printf '\n## The service over HTTP\n\n'; $(BIN)/python benchmarks/upload.py; $(BIN)/python benchmarks/jobs.py
	@printf '\n## Stored files, beside a plain copy\n\n'; $(BIN)/python benchmarks/storage.py
	@printf '\n## The registry of voices\n\n'; $(BIN)/python benchmarks/registry.py --models 1000 100000 --calls 1000
	@printf '\n## The host process\n\n'; $(BIN)/python benchmarks/host.py

bench-voice: $(RUNTIME) ## quality of a voice against held-out recordings
	@$(BIN)/python benchmarks/voice.py

clean: ## remove the environment and what the tools left
	@rm -rf $(VENV) .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis \
		build dist src/*.egg-info demo.wav
	@find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUNTIME): requirements/lock.txt requirements/install.py pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "error: there is no '$(PYTHON)'. Name one: make demo PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) requirements/install.py $(VENV)
	@touch $@

$(DEVELOPMENT): $(RUNTIME) requirements/dev.txt
	@$(PYTHON) requirements/install.py $(VENV) --dev
	@touch $@
