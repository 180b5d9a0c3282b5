# Everything a developer types. `make help` lists it.
#
# Needs Python 3.11 or newer, git and make. Node, Chromium and PostgreSQL are used by the tests
# where they are installed; a test that lacks one is skipped by name.

# What the interpreter has compiled it keeps, or each of the processes that a test starts compiles it all again.
export PYTHONDONTWRITEBYTECODE :=

PYTHON ?= python3
WORKERS ?= auto

venv := .venv
bin := $(venv)/bin
installed := $(venv)/installed
node := tests/node/node_modules/.package-lock.json
npm := $(shell command -v npm 2>/dev/null)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: install
install: $(installed) ## create .venv with everything, from the hashed lock

.PHONY: demo
demo: $(installed) ## start the whole product with stand-ins and realistic data
	$(bin)/chatops demo

.PHONY: run
run: $(installed) ## serve this installation, as chatops.yaml and the environment say
	$(bin)/chatops serve

# `make test T=tests/commands` or `make test T="-k rerun"` runs a part, in one process.
.PHONY: test
test: $(installed) node ## run the suite; T="…" passes words to pytest
	$(bin)/python -m pytest $(if $(T),$(T),-n $(WORKERS) --maxprocesses 8)

.PHONY: check
check: $(installed) ## lint, types, import rules and house rules: what CI asks before the tests
	$(bin)/ruff format --check
	$(bin)/ruff check
	$(bin)/mypy
	$(bin)/lint-imports
	$(bin)/python -m pytest -q tests/test_house.py

.PHONY: format
format: $(installed) ## put every Python file into the house's shape
	$(bin)/ruff format
	$(bin)/ruff check --fix

.PHONY: bench
bench: $(installed) ## run the benchmarks: a table to read, JSON to compare
	$(bin)/python -m bench

.PHONY: docs
docs: $(installed) ## write the generated pages of docs/ again
	$(bin)/python -m chatops docs

# The difference is taken against an empty database brought to the newest migration,
# so that it does not depend on what this machine happens to hold. It gets the next number.
.PHONY: migration
migration: export m := $(m)
migration: $(installed) ## write a migration for what the tables now say; m="…" names it
	@test -n "$$m" || { echo 'Name the change: make migration m="add the owner of a job"' >&2; exit 2; }
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT \
	&& export CHATOPS_DATABASE_URL="sqlite:///$$folder/empty.db" \
	&& $(bin)/alembic upgrade head \
	&& newest=$$(ls migrations/versions | sed -n 's/^0*\([0-9][0-9]*\)_.*\.py$$/\1/p' | tail -n 1) \
	&& $(bin)/alembic revision --autogenerate --rev-id "$$(printf %04d $$((newest + 1)))" -m "$$m" \
	&& $(bin)/ruff check --quiet --fix migrations/versions && $(bin)/ruff format --quiet migrations/versions

# Needs uv, which only the person who changes a dependency has to have.
.PHONY: lock
lock: compile := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet
lock: ## resolve the dependencies again, with hashes and without addresses
	$(compile) -o requirements.lock
	$(compile) --group dev -c requirements.lock -o requirements-dev.lock

# Nothing is built: a .pth file makes the checkout importable and a three-line script is the
# `chatops` command. A build would need its backend from the network, outside the hashed lock.
# The path in the .pth file is relative to site-packages, so it holds wherever the clone lies.
$(installed): requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'Kata ChatOps needs Python 3.11 or newer; "$(PYTHON)" is not one.' >&2; \
		echo 'Name another: make install PYTHON=python3.12' >&2; exit 1; }
	$(PYTHON) -m venv $(venv)
	$(bin)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@echo '../../../..' > "$$($(bin)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/chatops.pth"
	@printf '%s\n' '#!/bin/sh' 'exec "$$(dirname "$$0")/python" -m chatops "$$@"' > $(bin)/chatops
	@chmod +x $(bin)/chatops
	@touch $@

# The JavaScript judges of our output: GitHub's and Slack's own descriptions, axe for accessibility.
.PHONY: node
ifeq ($(and $(npm),$(wildcard tests/node/package-lock.json)),)
node:
	@echo 'npm is not installed: the tests that need it are skipped by name.'
else
node: $(node)
endif

$(node): tests/node/package-lock.json
	npm ci --prefix tests/node --no-audit --no-fund --loglevel error || test -z "$$CI"
	@test ! -e $@ || touch $@
