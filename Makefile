# Everything a newcomer needs: `make run` and `make test`. They set up what they need.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
unexport PYTHONDONTWRITEBYTECODE # or every process compiles the project anew
PYTEST := python -m pytest -p tests.loading
PYTEST_WORKERS ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count() + 2)') # many tests wait for processes
SPARK_TESTS ?= all
STORES ?= s3,az,abfss
PG_TESTS ?= all
KAFKA_TESTS ?= all
PG_SUITE := tests/config/core tests/ingest/test_post_data.py tests/ingest/test_get_data.py tests/ingest/test_relay.py tests/inflight/test_imports.py tests/inflight/test_import_queue.py tests/inflight/test_deliveries.py tests/catalog tests/metadata_registry tests/compute/jobs
PG_SAMPLE := tests/config/core tests/inflight/test_imports.py tests/inflight/test_import_queue.py tests/ingest/test_post_data.py tests/ingest/test_relay.py
RESULTS ?= # a folder for test results and coverage, as the pipeline publishes them
report = $(if $(RESULTS),--junitxml=$(RESULTS)/$(1).xml --cov --cov-append --cov-report=xml:$(RESULTS)/coverage/coverage.xml)

.PHONY: help install run test test-sqlite test-postgresql test-browser test-api test-librdkafka test-postgresql-field test-kafka test-real test-spark test-spark-cluster test-stores lint lint-delivery lint-alerts format bench screenshots vendor icons docs messages lock

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 20

install: $(VENV)/installed ## Make the virtual environment from the pinned requirements

$(VENV)/installed: requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Apron needs Python 3.11 or newer; say which: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Installing into $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/spark: requirements-spark.txt $(VENV)/installed
	@echo "Installing Spark, 500 MB ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-spark.txt
	@touch $@

$(VENV)/api: requirements-api.txt $(VENV)/installed
	@echo "Installing what calls the API ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-api.txt
	@touch $@

run: export DEBUG := true
run: export PORT ?= 3100
run: export KAFKA_PORT ?= $(shell expr $(PORT) + 97)
run: export OFFERS_PORT ?= $(shell expr $(PORT) + 98)
run: export PARTNER_PORT ?= $(shell expr $(PORT) + 99)
run: export APRON_URL = http://localhost:$(PORT)
run: export CUSTOMERS_API_URL ?= http://127.0.0.1:$(PARTNER_PORT)/v1/customers
run: export OFFERS_BASE_URL ?= http://127.0.0.1:$(OFFERS_PORT)/api/v1
run: export IMPORT_INBOX ?= $(CURDIR)/var/inbox
run: export IMPORT_THEN_SEND ?= changed
run: export OFFERS_REFRESH_TOKEN ?= refresh-me
run: export KAFKA_BOOTSTRAP_SERVERS ?= 127.0.0.1:$(KAFKA_PORT)
run: install ## Run everything on this machine, with sample data and a stand-in for the partner: http://localhost:3100
	@python -m sample_data.check_ports PORT KAFKA_PORT OFFERS_PORT PARTNER_PORT
	@mkdir -p var/compute var/inbox
	@python manage.py migrate --verbosity 0
	@cp sample_data/compute/* var/compute/
	@honcho --no-prefix -f Procfile.dev start

test: test-sqlite test-postgresql test-browser ## Run the tests on SQLite, on PostgreSQL (it starts its own) and in a browser

test-sqlite: install ## Run the tests on SQLite only
	$(PYTEST) -p no:playwright -n $(PYTEST_WORKERS) $(call report,sqlite)

test-postgresql: install ## Run the tests on PostgreSQL only
	python -m tests.with_postgresql $(PYTEST) -p no:playwright -n $(PYTEST_WORKERS) $(call report,postgresql)

test-browser: install ## Run the tests in the machine's Chromium only; without one it says so and skips them
	$(PYTEST) tests/browser -n 2 --output=results/browser --screenshot=only-on-failure $(if $(RESULTS),--junitxml=$(RESULTS)/browser.xml)

test-api: install $(VENV)/api ## Call every operation of a running Apron with all that its schema allows and forbids: a minute
	$(PYTEST) -p no:playwright tests/api -n 2 $(if $(RESULTS),--junitxml=$(RESULTS)/api.xml)

test-postgresql-field: install .real/postgresql/installed ## Run Apron behind PgBouncer, through failovers, by certificates, on PostgreSQL 14 to 18: 8 minutes; 3 with PG_TESTS=sample
	$(PYTEST) -p no:playwright tests/real/postgresql $(if $(filter sample,$(PG_TESTS)),-k "not silent and not statement") $(if $(RESULTS),--junitxml=$(RESULTS)/postgresql-field.xml)
	for version in $(if $(filter sample,$(PG_TESTS)),14,"--pooled 18" 14 15 16 17); do \
		python -m tests.real.postgresql.with_server $$version $(PYTEST) -p no:playwright -n $(PYTEST_WORKERS) $(if $(filter sample,$(PG_TESTS)),$(PG_SAMPLE),$(PG_SUITE)) || exit 1; \
	done

.real/postgresql/installed: tests/real/postgresql/install tests/real/postgresql/pom.xml
	@echo "Installing PgBouncer, and PostgreSQL 14, 15 and 17 ..."
	@tests/real/postgresql/install
	@touch $@

test-spark: install $(VENV)/spark ## Run compute's tests with Spark, an extra: minutes, needs a Java; some with SPARK_TESTS=sample
	@command -v java >/dev/null || { echo "There is no Java on this machine: apt-get install default-jre-headless"; exit 1; }
	SPARK_TESTS=$(SPARK_TESTS) $(PYTEST) tests/compute -n 2 -k spark $(if $(RESULTS),--junitxml=$(RESULTS)/spark.xml)

test-stores: install .real/stores/installed ## Run the tests of files on moto's S3 and on Azurite, Azure's emulator from npm: minutes; without abfss:// with STORES=s3,az
	STORES=$(STORES) $(PYTEST) -p no:playwright -n 2 -k 'not (abfss and (faults or outlives))' tests/real/stores tests/compute/files/test_object_storage.py tests/compute/files/test_object_storage_jobs.py \
		tests/compute/files/test_storage_contract.py tests/compute/files/test_store_faults.py tests/inflight/pickup/test_places.py \
		$(if $(RESULTS),--junitxml=$(RESULTS)/stores.xml)

.real/stores/installed: tests/real/stores/package.json
	@command -v npm >/dev/null || { echo "There is no npm on this machine: apt-get install nodejs npm"; exit 1; }
	@mkdir -p $(@D) && cp $< $(@D)/
	@npm install --prefix $(@D) --ignore-scripts --no-audit --no-fund --no-package-lock --silent
	@touch $@

.real/kafka/installed: tests/real/kafka/pom.xml
	@command -v mvn >/dev/null || { echo "There is no Maven on this machine: apt-get install maven openjdk-17-jre-headless"; exit 1; }
	@echo "Fetching Apache Kafka, 45 MB ..."
	@rm -rf $(@D) # or another version's jars stay beside
	@mvn -q -B -f $< dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=$(CURDIR)/$(@D)
	@touch $@

test-kafka: install .real/kafka/installed ## Run ingest's tests, and more, on three brokers of Apache Kafka: 6 minutes, needs Java 17 and Maven; some with KAFKA_TESTS=sample
	KAFKA_TESTS=$(KAFKA_TESTS) python -m tests.with_postgresql $(PYTEST) -p no:playwright --timeout 400 tests/ingest tests/real/kafka $(if $(RESULTS),--junitxml=$(RESULTS)/kafka.xml)

test-librdkafka: install ## Run ingest's tests with librdkafka in place of kafka-python, on PostgreSQL: two minutes
	KAFKA_CLIENT=librdkafka python -m tests.with_postgresql $(PYTEST) -p no:playwright tests/ingest -n 2 $(if $(RESULTS),--junitxml=$(RESULTS)/librdkafka.xml)

.real/spark/installed: tests/real/spark/pom.xml
	@command -v mvn >/dev/null || { echo "There is no Maven on this machine: apt-get install maven"; exit 1; }
	@echo "Fetching S3A for Spark, 690 MB ..."
	@rm -rf $(@D)
	@mvn -q -B -f $< dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=$(CURDIR)/$(@D)
	@touch $@

test-spark-cluster: install $(VENV)/spark .real/spark/installed ## Run compute on a Spark cluster of this machine, with its files in a folder and in S3: minutes; some with SPARK_TESTS=sample
	@command -v java >/dev/null || { echo "There is no Java on this machine: apt-get install default-jre-headless"; exit 1; }
	SPARK_TESTS=$(SPARK_TESTS) $(PYTEST) -p no:playwright tests/real/spark -n 0 $(if $(RESULTS),--junitxml=$(RESULTS)/spark-cluster.xml)

test-real: test-postgresql-field test-stores test-kafka test-librdkafka test-spark-cluster ## Run all that runs on the real thing, whole: half an hour; docs/ran-on.md

lint: install lint-delivery ## Check style, formatting, types and what delivers it
	ruff check .
	ruff format --check .
	mypy .

lint-delivery: install .venv-iac/installed ## Check Dockerfile, compose file, pipeline and infrastructure
	hadolint Dockerfile
	check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	check-jsonschema --builtin-schema vendor.azure-pipelines --data-transform azure-pipelines --regex-variant python cicd/azure-pipelines.yml
	.venv-iac/bin/checkov --directory . --skip-path '\.venv' --framework dockerfile bicep azure_pipelines --skip-download --compact --quiet \
		> .venv-iac/report || { cat .venv-iac/report; exit 1; }
	! grep --before-context 4 'Parsing errors' .venv-iac/report  # it exits with 0 on a file that it cannot read

lint-alerts: install ## Check and try the alerting rules, and read the dashboards' queries, with Prometheus' promtool
	@command -v promtool >/dev/null || { echo "There is no promtool on this machine: it comes with Prometheus"; exit 1; }
	promtool check rules ops/alerts.yml
	promtool test rules ops/alerts_test.yml
	python -m tests.ops.expressions $(VENV)/dashboard_queries.yml
	promtool check rules $(VENV)/dashboard_queries.yml

.venv-iac/installed: requirements-iac.txt
	@$(PYTHON) -m venv .venv-iac
	@.venv-iac/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-iac.txt
	@touch $@

format: install ## Put the code into the project's format
	ruff check --fix .
	ruff format .

bench: install ## Measure side by side; see benchmarks/
	python -m benchmarks.import_csv
	python -m benchmarks.import_products
	python -m benchmarks.refresh_offers
	python -m benchmarks.metadata
	python -m benchmarks.admin_lists
	python -m benchmarks.lists
	python -m benchmarks.logins
	python -m benchmarks.pages
	@pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	python -m benchmarks.ingest
	python -m benchmarks.ingest_lines
	python -m benchmarks.ingest_retention
	python -m benchmarks.relay
	python -m benchmarks.compute
	python -m benchmarks.reading
	python -m benchmarks.medians
	python -m benchmarks.deliveries
	python -m benchmarks.traces

screenshots: install ## Take the pictures of README and docs anew, of the demo, with the machine's Chromium
	python -m sample_data.screenshots

vendor: icons ## Build static/vendor/ anew from the exact versions of vendor/package.json, with licences and checksums; and the icons
	@mkdir -p .real/vendor
	@cp vendor/package.json vendor/echarts.js .real/vendor/
	@npm install --prefix .real/vendor --no-package-lock --no-audit --no-fund --silent
	cd .real/vendor && npx esbuild echarts.js --bundle --format=esm --target=es2022 --legal-comments=none \
		--define:process.env.NODE_ENV='"production"' --log-level=warning \
		| npx terser --module --compress passes=3,ecma=2020 --mangle --output $(CURDIR)/static/vendor/echarts.min.js \
		--format preamble='"/* Apache ECharts 6.1.0 (Apache-2.0) with zrender 6.1.0 (BSD-3-Clause) and tslib 2.3.0 (0BSD); licences in echarts.LICENSE.txt */"'
	@cd .real/vendor/node_modules && tail -n +1 echarts/LICENSE echarts/NOTICE echarts/licenses/LICENSE-d3 zrender/LICENSE tslib/LICENSE.txt > $(CURDIR)/static/vendor/echarts.LICENSE.txt
	cd static/vendor && sha256sum echarts.min.js echarts.LICENSE.txt > SHA256SUMS

icons: install ## Cut unfold's icon font down to the icons that the admin uses
	python -m tests.icons

docs: install ## Write those tables of docs/ anew that are made from the code
	python -m tests.scopes_table

messages: install ## Put new texts into locale/, and compile what is translated there
	python -m tests.messages

# Extras stay in the pins: an older pip takes `coverage[toml]` for unpinned beside `coverage==`, once a newer coverage is out.
lock: install ## Pin the requirements anew, from pyproject.toml
	uv pip compile -q --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --extra dev --extra azure --extra librdkafka --extra otel --extra s3 --extra sentry --extra sftp --extra sso -c requirements.txt pyproject.toml -o requirements-dev.txt
	uv pip compile -q --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --group iac -o requirements-iac.txt
	uv pip compile -q --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --extra bench -c requirements-dev.txt pyproject.toml -o requirements-bench.txt
	uv pip compile -q --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --extra spark -c requirements-dev.txt pyproject.toml -o requirements-spark.txt
	uv pip compile -q --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --extra sso -c requirements-dev.txt pyproject.toml -o requirements-sso.txt
	uv pip compile -q --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --extra otel --extra sentry --extra sso -c requirements-dev.txt pyproject.toml -o requirements-otel.txt
	uv pip compile -q --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --extra api -c requirements-dev.txt pyproject.toml -o requirements-api.txt
