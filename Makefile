# make sandbox: a local Slack with two companies, in your browser.   make test: every check.
PYTHON ?= python3
BIN := .venv/bin
DEV := .venv/.dev
RUN := .venv/.run

.PHONY: sandbox test coverage lint audit benchmark lock format manual clean
.DEFAULT_GOAL := help

help:  ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /	/' | expand -t 12

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "QualBridge needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@echo "Setting up .venv: a minute, the first time only ..."
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Python's venv module is incomplete here: install python3-venv, then try again."; exit 1; }

# The lock files are whole, so pip has nothing to resolve: --no-deps also keeps it from asking for newer versions.
$(RUN): .venv/bin/python requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@touch $@

$(DEV): $(RUN) requirements-dev.lock pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

sandbox: $(RUN)  ## start the bot in a local Slack and print the page's address
	@$(BIN)/python -m bot sandbox $(ARGS)

test: $(DEV) lint  ## run every check and test
	@{ command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null || echo "Chromium is not installed here: the tests in a browser are left out."
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

coverage: $(DEV)  ## run the tests once more, half as long again, and tell what none of them reaches; fails under 90 %
	@$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term $(ARGS)

lint: $(DEV)  ## style, types, import direction
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

audit: $(DEV)  ## licences and known vulnerabilities of all that is pinned
	@$(BIN)/python -m docs.licences --check
	@$(BIN)/python .ci/audit.py

benchmark: $(DEV)  ## measure beside bare Bolt and in growing databases (ARGS=--short: a minute)
	@$(BIN)/python -m benchmarks $(ARGS)

format: $(DEV)  ## put the code into its one shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

manual: $(DEV)  ## write docs/lives.md anew from the transition tables
	@$(BIN)/python -m docs.lives

lock:  ## pin the dependencies anew (hashed, for every platform)
	@$(PYTHON) -m venv .venv/lock && .venv/lock/bin/python -m pip install --quiet uv
	@.venv/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" pyproject.toml -o requirements.lock
	@.venv/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" -c requirements.lock --group dev pyproject.toml -o requirements-dev.lock
	@rm -rf .venv/lock

clean:  ## remove what the other targets made
	@rm -rf .venv .coverage* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .sandbox
