# Every target sets up what it needs; `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# Processes that share the tests, a file each.
WORKERS ?= 2

PYTEST = OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

# With it set, every start of Python compiles torch anew: 7 s a start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help setup demo test slow coverage lint format docs validate variants bench clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## */\t/' | expand -t 12
	@echo 'PYTHON=... names the interpreter (3.11 or newer), ARGS=... goes to the command of demo, test, validate, variants and bench'

setup: $(VENV)/.dev  ## virtual environment with the development tools

demo: $(VENV)/.runtime  ## from faces to report in one go: draws, trains, extracts, correlates
	$(BIN)/mamviz demo $(ARGS)

test: $(VENV)/.dev  ## the tests, but for the slow ones
	$(PYTEST) -m "not slow" $(ARGS)

slow: $(VENV)/.dev  ## the slow tests: several processes, killed ones, memory that ends, whole trainings
	$(PYTEST) -m slow $(ARGS)

coverage: $(VENV)/.dev  ## all tests, with the lines and branches they miss
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q --cov --cov-report=term-missing:skip-covered $(ARGS)

lint: $(VENV)/.dev  ## format, style, types and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev  ## write the format that lint asks for
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.runtime  ## write docs/commands.md anew, from the commands themselves
	$(BIN)/python -m mamviz_cli.reference > docs/commands.new
	mv docs/commands.new docs/commands.md

validate: $(VENV)/.dev  ## the long proofs: faces with a planted answer, coverage of intervals, false positives
	$(BIN)/mamviz validate $(ARGS)

variants: $(VENV)/.runtime  ## networks compared: accuracy, stability over seeds, the poster's Table 2, exactness
	$(BIN)/python benchmarks/variants.py $(ARGS)

bench: $(VENV)/.dev  ## measure speed and memory
	$(BIN)/python benchmarks/bench.py $(ARGS)

clean:  ## remove the virtual environment and everything built or cached; runs stay
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: set-up runs once, and again where the dependencies change.
$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,fast,onnx,validate]'
	@touch $(VENV)/.runtime $@
