# Everything a newcomer needs: `make run` and `make test`. They set up what they need.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
PYTEST_WORKERS ?= auto

.PHONY: help install run test test-sqlite test-postgresql lint format bench lock

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 20

install: $(VENV)/installed ## Make the virtual environment from the pinned requirements

$(VENV)/installed: requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Apron needs Python 3.11 or newer; say which: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Installing into $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

run: export DEBUG := true
run: export PORT := 3100
run: export CUSTOMERS_API_URL ?= http://127.0.0.1:3199/v1/customers
run: install ## Run everything on this machine, with sample data and a stand-in for the partner: http://localhost:3100
	@python manage.py migrate --verbosity 0
	@mkdir -p var/compute && cp sample_data/compute/* var/compute/
	@honcho --no-prefix -f Procfile.dev start

test: test-sqlite test-postgresql ## Run the tests on SQLite and on PostgreSQL (it starts its own)

test-sqlite: install ## Run the tests on SQLite only
	pytest -n $(PYTEST_WORKERS)

test-postgresql: install ## Run the tests on PostgreSQL only
	python -m tests.with_postgresql pytest -n $(PYTEST_WORKERS)

lint: install ## Check style, formatting and types
	ruff check .
	ruff format --check .
	mypy .

format: install ## Put the code into the project's format
	ruff check --fix .
	ruff format .

bench: install ## Measure side by side; see benchmarks/
	python -m benchmarks.import_csv
	python -m benchmarks.compute

lock: install ## Pin the requirements anew, from pyproject.toml
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
