.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo serve test check proof bench clean

PYTHON ?= python3
SEED ?= $(shell date +%s)
BIN := .venv/bin
RUNTIME := .venv/runtime.installed
DEVELOPMENT := .venv/development.installed
# A file at a time and in order: what the tests of a file share is then made by one process, once.
PYTEST := pytest -n 2 --dist loadfile --no-loadscope-reorder
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

help: ## Say what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

# Compiled here, since Python may be told to keep no bytecode: then each process that starts would compile the
# bridge again, which takes longer than all else that it loads. Nothing is compiled twice.
setup: $(RUNTIME) ## Install the bridge in .venv, from requirements.lock
	@$(BIN)/python -m compileall -q bridge config workers

setup-dev: setup $(DEVELOPMENT) ## Install what tests and checks need as well

demo: setup ## Show the main job: identity events in, an explained invoice out
	$(BIN)/bridge demo

serve: setup ## Serve the bridge with demo data until stopped
	$(BIN)/bridge demo --stay

# What pytest rewrites of the tests is kept as well, else each worker would do so anew with each run.
test check: export PYTHONDONTWRITEBYTECODE :=

test: setup-dev ## Pass all tests, on SQLite and PostgreSQL
	tests/servers/install
	$(BIN)/python -m $(PYTEST)

check: setup-dev ## Format, lint, types, layers, then all tests with their coverage
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	tests/servers/install
	$(BIN)/coverage erase
	PYTHONPATH=$(CURDIR)/tests/house/measured $(BIN)/coverage run -m $(PYTEST)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

proof: setup-dev ## Play the properties much longer; SEED=… plays a run again
	tests/servers/install
	@echo "seed $(SEED)"
	HYPOTHESIS_PROFILE=proof $(BIN)/python -m pytest -m hypothesis --hypothesis-seed=$(SEED) --hypothesis-show-statistics

bench: setup-dev ## Measure against the floors; writes docs/performance.md and docs/performance.json
	tests/servers/install
	$(BIN)/python -m tests.bench $(BENCH)

clean: ## Remove what was installed, built and stored here
	rm -rf .venv var build *.egg-info .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'The bridge needs Python 3.11 or newer; name it with make PYTHON=/path/to/python3.' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
	  { echo 'Python lacks its venv module; on Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv .venv

$(RUNTIME): requirements.lock pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(DEVELOPMENT): requirements-dev.lock $(RUNTIME)
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@
