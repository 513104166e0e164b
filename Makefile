# Two commands matter: `make demo` and `make test`. Each makes its own virtual environment in .venv.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
TESTED := $(VENV)/.test-installed

export OMP_NUM_THREADS ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help demo test test-slow lint install clean

help:
	@echo "make demo       install, fetch the demo data, answer two real questions (5 to 7 minutes)"
	@echo "make test       install what tests need and run them"
	@echo "make test-slow  the long tests: killed runs, many seeds"
	@echo "make lint       format, lint, types, import contract"
	@echo "make clean      remove the virtual environment and build leavings"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Python 3.11 or newer is needed; pass PYTHON=python3.11"'
	$(PYTHON) -m venv $(VENV)

$(STAMP): $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(TESTED): $(STAMP) pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --requirement requirements-dev.txt
	@touch $@

install: $(STAMP)

demo: $(STAMP)
	$(BIN)/fuseworthy demo

test: $(TESTED)
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

test-slow: $(TESTED)
	$(BIN)/python -m pytest -m slow --numprocesses 2

lint: $(TESTED)
	$(BIN)/ruff format --check src tests benchmarks examples
	$(BIN)/ruff check src tests benchmarks examples
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
