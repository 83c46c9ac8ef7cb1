# The one entry point, here and in CI. Everything it makes is in .venv, .cache and .demo.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
SOURCES = $(wildcard pulumi_encord_integrations tools tests bench examples __main__.py)
TYPED = $(wildcard pulumi_encord_integrations tools tests bench)
WORKERS ?= auto
# Compiling every module at every start would take longer than most commands.
unexport PYTHONDONTWRITEBYTECODE

# An environment of a moved checkout, of another PYTHON, or whose interpreter is gone, is made anew.
MADE := $(VENV)/made-for
ifneq ($(shell [ ! -d $(VENV) ] || { [ "$$(sed -n 1p $(MADE) 2>/dev/null)" = "$(CURDIR)" ] && \
  { [ -z "$(PYTHON)" ] || [ "$$(sed -n 2p $(MADE))" = "$(PYTHON)" ]; } && $(BIN)/python -c '' 2>/dev/null; } || echo stale),)
.PHONY: $(MADE)
endif
RUN_STAMP := $(VENV)/installed-run
DEV_STAMP := $(VENV)/installed-dev
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install
# What is not exactly what the files in requirements/ name is not installed; `make lock` writes them.
HASHED := $(PIP) --require-hashes --requirement requirements

.DEFAULT_GOAL := help
.PHONY: help demo test test-long check format bench build lock clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

demo: $(RUN_STAMP) ## Deploy the declared organization with the real pulumi on the embedded API
	@$(BIN)/python -m tools.engine >/dev/null
	@$(BIN)/python -m tools.demo

test: check ## Check, then run every test, the ones on the real pulumi included
	@$(BIN)/python -m tools.engine >/dev/null
	@$(BIN)/python -m tools.clouds
	@$(BIN)/python -m pytest --no-header -n $(WORKERS) --maxprocesses 4 --dist loadgroup \
	  --no-loadscope-reorder --durations 10 --durations-min 1

test-long: export ENCORD_TEST_LONG = 1
test-long: test ## The same at full size: whole products, long random runs, and their figures

check: $(DEV_STAMP) ## Format, lint, types and import layers, no tests
	@echo "check: format"
	@$(BIN)/ruff format --quiet --check $(SOURCES) || { echo "check: run \`make format\`"; exit 1; }
	@echo "check: lint"
	@$(BIN)/ruff check --quiet $(SOURCES)
	@echo "check: types"
	@$(BIN)/mypy --no-error-summary $(TYPED)
	@echo "check: import layers"
	@$(BIN)/lint-imports --no-cache >$(VENV)/layers.txt 2>&1 || { cat $(VENV)/layers.txt; exit 1; }

format: $(DEV_STAMP) ## Rewrite the code as the format check wants it
	@$(BIN)/ruff check --quiet --fix-only $(SOURCES)
	@$(BIN)/ruff format --quiet $(SOURCES)

bench: $(DEV_STAMP) ## Print the benchmark ratios
	@$(BIN)/python -m tools.engine >/dev/null
	@$(BIN)/python -m bench

build: $(DEV_STAMP) ## Make the wheel, its SBOM within, and the source distribution in dist/
	@$(BIN)/python -m build --no-isolation --outdir dist . >/dev/null
	@ls dist

lock: $(DEV_STAMP) ## Write requirements/ anew after a change of pyproject.toml; UPGRADE=1 takes the newest
	@$(BIN)/python -m tools.lock $(if $(UPGRADE),--upgrade)

clean: ## Remove the environment, the engine and the demo
	@rm -rf $(VENV) .cache .demo dist
	@echo "clean: removed $(VENV), .cache, .demo and dist"

$(MADE):
	@found=; for python in $(if $(PYTHON),"$(PYTHON)",python3 python3.14 python3.13 python3.12 python3.11 python); do \
	  if "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; \
	  then found=$$python; break; fi; done; \
	if [ -z "$$found" ]; then \
	  echo "python: no Python 3.11 to 3.14$(if $(PYTHON), in PYTHON=$(PYTHON)); name one with \`make PYTHON=/path/to/python3\`" >&2; \
	  exit 1; fi; \
	if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "python: $$found has no venv or ensurepip; install it (on Debian and Ubuntu: the package python3-venv)" >&2; \
	  exit 1; fi; \
	echo "python: creating $(VENV) with $$("$$found" --version)"; \
	rm -rf $(VENV) && "$$found" -m venv $(VENV) && printf '%s\n' "$(CURDIR)" "$(PYTHON)" >$@

$(RUN_STAMP): pyproject.toml requirements/pip.txt requirements/run.txt requirements/build.txt $(MADE)
	@echo "python: installing the package and its server (about 20 s)"
	@$(HASHED)/pip.txt
	@$(HASHED)/build.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_STAMP): requirements/extras.txt requirements/dev.txt $(RUN_STAMP)
	@echo "python: installing the developer's tools (about 20 s)"
	@$(HASHED)/dev.txt
	@touch $@
