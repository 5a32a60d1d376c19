# The one door: everything a developer, a reader of the README or CI runs. `make` alone lists the targets.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DEMO   := .demo

.DEFAULT_GOAL := help
.PHONY: help demo test test-duckdb-1 lint types check bench bench-extract bench-classify bench-queries guide dictionary sample clean

help: ## list the targets
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

# The environment is made once and again only when pyproject.toml changes. An old pip tries versions for minutes: it is renewed first.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Entente needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another with: make PYTHON=python3.12")'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing; on Debian and Ubuntu: apt-get install python3-venv"; exit 3; }
	@echo "Setting up $(VENV) (some minutes the first time) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(READY) ## run the whole main job on the sample that ships with the project
	@$(BIN)/entente init $(DEMO) --sample
	@$(BIN)/entente --project $(DEMO) refresh
	@$(BIN)/entente --project $(DEMO) summary

test: $(READY) ## run the tests
	@$(BIN)/python -m pytest

test-duckdb-1: $(READY) ## run the tests of warehouse and flows on DuckDB 1.5, in an environment of their own
	@test -x $(VENV)-duckdb-1/bin/python || $(PYTHON) -m venv $(VENV)-duckdb-1
	@$(VENV)-duckdb-1/bin/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@$(VENV)-duckdb-1/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' 'duckdb>=1.5,<2'
	@$(VENV)-duckdb-1/bin/python -m pytest tests/warehouse tests/flows

lint: $(READY) ## check format and style, and that generated pages are fresh
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/python -m models.guide --check
	@$(BIN)/python -m flows.dictionary --check

types: $(READY) ## check the types
	@$(BIN)/mypy

check: lint types test ## all that CI runs

bench: $(READY) ## print the tables of speed and quality
	@$(BIN)/python -m benchmarks.refresh_folders
	@$(BIN)/python -m benchmarks.classify_speed
	@$(BIN)/python -m benchmarks.kill_refresh
	@$(BIN)/python -m benchmarks.replica_refresh
	@$(BIN)/python -m benchmarks.replica_refresh --faults 0.3
	@$(BIN)/python -m benchmarks.record_api_scale
	@$(BIN)/python -m benchmarks.uhri_memory
	@$(BIN)/python -m benchmarks.release_twice

CORPUS ?= ../shared/corpus
bench-extract: $(READY) ## print the tables of extraction: quality, speed, facts, recognition, formats, damaged files (CORPUS=folder)
	@$(BIN)/python -m benchmarks.extract_quality $(CORPUS)
	@$(BIN)/python -m benchmarks.extract_facts $(CORPUS)
	@$(BIN)/python -m benchmarks.extract_ocr $(CORPUS)
	@$(BIN)/python -m benchmarks.extract_speed $(CORPUS)
	@$(BIN)/python -m benchmarks.extract_formats $(CORPUS)
	@$(BIN)/python -m benchmarks.extract_fuzz

bench-classify: $(READY) ## compare the speed of scoring with the plain pipeline of the transformers library (PASSAGES=FILE for your own)
	@$(BIN)/python -m benchmarks.classify_speed $(if $(PASSAGES),--passages '$(PASSAGES)' --limit 800)

bench-queries: $(READY) ## time the questions of the codebook on a million passages
	@$(BIN)/python -m benchmarks.query_speed

guide: $(READY) ## render docs/codebook.md from configs/codebook.yaml
	@$(BIN)/python -m models.guide --write

dictionary: $(READY) ## write docs/data-dictionary.md from warehouse/schema/descriptions.yaml
	@$(BIN)/python -m flows.dictionary --write

sample: $(READY) ## make the sample reports again
	@$(BIN)/python -m sample.make

clean: ## remove what can be made again (environment, caches, demo)
	rm -rf $(VENV) $(VENV)-duckdb-1 $(DEMO) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
