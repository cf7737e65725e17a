# Everything a newcomer, a developer and CI run. `make` alone lists it.
# Needs Python >= 3.11, make and a C++20 compiler; all else goes into .venv. PYTHON= and CXX= choose others.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help serve native services services-stop test test-slow test-clients test-native test-parity check check-python check-native format lock coverage \
    train-nano export-nano eval-nano bench bench-gateway clean
SHELL := /bin/sh

BIN := .venv/bin
NATIVE_SOURCES := $(wildcard CMakeLists.txt) $(shell find native/src native/bindings -type f)
CXX_FILES = $(shell git ls-files 'native/*.cc' 'native/*.cpp' 'native/*.h' 'native/*.hpp')
WITH_TORCH := PYTHONPATH="$$(.venv-torch/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
PYTEST := env $$(requirements/services.sh environment) $(BIN)/python -m pytest

help: ## list these commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

# The variables come as environment, so that quotes and spaces in them are the shell's to handle; but not those that were
# in the environment before, where HOST and the like mean other things.
unexport $(foreach name,HOST PORT MODEL,$(if $(filter environment%,$(origin $(name))),$(name)))
serve: .venv/native-built ## serve a model: HOST= PORT= MODEL= (a name or a folder; none is the demonstration model)
	@exec $(BIN)/ossian serve $${MODEL:+"$$MODEL"} $${HOST:+--host "$$HOST"} $${PORT:+--port "$$PORT"}

native: .venv/native-built ## build the native core and install ossian into .venv

services: .venv/created ## install, where missing and permitted, and start the servers that tests talk to: PostgreSQL and Redis
	@requirements/services.sh start

services-stop: ## end those servers, and delete their files
	@requirements/services.sh stop

test: .venv/dev-installed ## the test suite, without the slow tests, on every core; ARGS= go to pytest (-n 0: on one)
	$(PYTEST) -n auto --dist loadfile -m "not slow and not clients and not parity and not gpu" $(ARGS)

test-slow: .venv/dev-installed ## the slow tests, on every core; ARGS= go to pytest
	$(PYTEST) -n auto --dist loadfile --timeout 600 -m "slow and not clients and not parity and not gpu" $(ARGS)

# Not the server's pytest settings: other people's libraries warn as they like.
test-clients: .venv/native-built .venv-clients/installed ## OpenAI's SDKs, LangChain, instructor and pydantic-ai against a server
	.venv-clients/bin/python -m pytest --confcutdir tests/clients -o filterwarnings= tests/clients $(ARGS)

test-native: .venv/runtime-installed ## the native tests, under AddressSanitizer and UndefinedBehaviorSanitizer
	PATH="$(CURDIR)/$(BIN):$$PATH" cmake -S . -B build/native-test -G Ninja \
	    -DOSSIAN_MODULE=OFF -DOSSIAN_TESTS=ON -DOSSIAN_SANITIZE=ON
	$(BIN)/cmake --build build/native-test
	$(BIN)/ctest --test-dir build/native-test --output-on-failure

test-parity: .venv/dev-installed .venv-torch/installed ## the model against Hugging Face transformers and torch
	$(WITH_TORCH) $(PYTEST) -m parity tests/parity $(ARGS)

check: check-python check-native ## linters, formats, types, layers and sizes

check-python: .venv/dev-installed
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-cache
	$(PYTEST) -q tests/test_sizes.py tests/test_layers.py

check-native: .venv/dev-installed
	$(BIN)/clang-format --dry-run -Werror $(CXX_FILES)

format: .venv/dev-installed ## format Python and C++, and apply the linter's safe repairs
	$(BIN)/python -m ruff check --fix-only --quiet
	$(BIN)/python -m ruff format
	$(BIN)/clang-format -i $(CXX_FILES)

coverage: .venv/dev-installed ## the test suite with a coverage report
	env $$(requirements/services.sh environment) \
	    $(BIN)/python -m coverage run -m pytest -q -m "not slow and not clients and not parity and not gpu" $(ARGS)
	$(BIN)/python -m coverage report

train-nano: .venv/native-built .venv-torch/installed ## train ossian-nano from nothing, some ten hours: ARGS= (--help lists them)
	@$(WITH_TORCH) $(BIN)/python -m training.train $(ARGS)

export-nano: .venv/native-built .venv-torch/installed ## put what was trained into the package: ARGS= (--help lists them)
	@$(WITH_TORCH) $(BIN)/python -m training.export $(ARGS)

eval-nano: .venv/native-built ## held-out questions to ossian-nano: SEED= BASE_URL= (a running server) ARGS= (--help lists them)
	@$(BIN)/python -m training.evaluate $${SEED:+--seed "$$SEED"} $${BASE_URL:+--base-url "$$BASE_URL"} $(ARGS)

bench: .venv/native-built $(if $(PEER),.venv/dev-installed .venv-peers/installed) ## how fast a model runs here, beside what the machine allows: CHECKPOINT= or SHAPE= LAYERS=, PEER=llama.cpp, ARGS=
	@benchmarks/bench.sh $(ARGS)

bench-gateway: .venv/native-built .venv-litellm/installed ## what keys, limits and usage cost a request, beside LiteLLM's proxy: ARGS= (--help lists them)
	@$(BIN)/python -m benchmarks.gateway $(ARGS)

lock: .venv/dev-installed ## choose new versions of every dependency and write them, with hashes, to requirements/
	$(BIN)/python -m uv $(COMPILE) pyproject.toml -o requirements/runtime.txt
	$(BIN)/python -m uv $(COMPILE) requirements/build.in -o requirements/build.txt
	$(BIN)/python -m uv $(COMPILE) requirements/dev.in -c requirements/runtime.txt -o requirements/dev.txt
	$(BIN)/python -m uv $(COMPILE) requirements/parity.in -c requirements/runtime.txt -c requirements/dev.txt \
	    -o requirements/parity.txt
	$(BIN)/python -m uv $(COMPILE) requirements/clients.in -o requirements/clients.txt
	$(BIN)/python -m uv $(COMPILE) requirements/litellm.in -o requirements/litellm.txt
	$(BIN)/python -m uv $(COMPILE) requirements/peers.in -c requirements/runtime.txt -o requirements/peers.txt

COMPILE := pip compile --universal --generate-hashes --python-version 3.11 --no-header --upgrade -q

clean: ## delete what was built; .venv stays, and is rebuilt from where needed
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage htmlcov
	rm -f .venv/native-built
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: each step is done once, and again when what it was made from changes.

.venv/created:
	@requirements/install.sh create
	@touch $@

.venv/runtime-installed: .venv/created requirements/build.txt requirements/runtime.txt
	@requirements/install.sh runtime
	@touch $@

.venv/native-built: .venv/runtime-installed pyproject.toml $(NATIVE_SOURCES)
	@echo "Building the native core (once; a minute or two) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . || \
	    { echo; echo "ossian: the native core could not be built; the compiler's message is above." >&2; exit 1; }
	@touch $@

# The parity suite's environment: torch and transformers are far too large for .venv.
.venv-torch/installed: .venv/created requirements/parity.txt
	@requirements/install.sh parity
	@touch $@

.venv-clients/installed: .venv/created requirements/clients.txt
	@requirements/install.sh clients
	@touch $@

.venv-litellm/installed: .venv/created requirements/litellm.txt
	@requirements/install.sh litellm
	@touch $@

# Built here, for this machine's instruction set: takes many minutes.
.venv-peers/installed: .venv/created requirements/build.txt requirements/peers.txt
	@requirements/install.sh peers
	@touch $@

.venv/dev-installed: .venv/native-built requirements/dev.txt
	@requirements/install.sh dev
	@touch $@
