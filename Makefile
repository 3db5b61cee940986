# `make run` and `make test` set everything up by themselves; the rest is for developers.
# The first interpreter of a version that pyproject.toml allows.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: help run test test-quick lint types format check ui benchmark requirements clean
.DEFAULT_GOAL := help

help: ## Show the verbs
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: $(VENV)/.run ## Set up and run the default experiment (ARGS="experiment=… key=value")
	$(BIN)/hotspot run $(ARGS)

test: $(VENV)/.dev lint types ## Set up, check style and types, and run every test
	$(BIN)/pytest -q -n 2 --dist loadgroup

test-quick: $(VENV)/.dev ## Run the tests that do not run the whole pipeline
	$(BIN)/pytest -q -m "not slow and not browser"

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

format: $(VENV)/.dev ## Format the code
	$(BIN)/ruff check --fix-only -q .
	$(BIN)/ruff format .

check: lint types ## Check style and types

ui: $(VENV)/.run ## Open the tracking UI
	$(BIN)/hotspot ui

# Each stamp is newer than what it was made from, so the second call does nothing.
$(VENV)/.run: requirements/run.txt pyproject.toml
	@$(MAKE) --no-print-directory _install LIST=run
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml
	@$(MAKE) --no-print-directory _install LIST=dev
	@touch $@ $(VENV)/.run

.PHONY: _install
_install:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and was not found. Install one, or set PYTHON=…"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing requirements/$(LIST).txt into $(VENV) (a few minutes the first time) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/$(LIST).txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .

requirements: ## Resolve the hashed requirement files anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-annotate --no-header pyproject.toml requirements/build.in --extra web --extra dask --extra dvc --group dev -o requirements/dev.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-annotate --no-header pyproject.toml requirements/build.in --extra web -c requirements/dev.txt -o requirements/run.txt

clean: ## Remove what the pipeline made (raw data stays)
	rm -rf data/interim/* data/processed/* models/* experiments/*
