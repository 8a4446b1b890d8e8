# The commands of the README. Each creates what it needs and is quick the second time (stamps in .stamps).
#
#   make demo    the main job: three steered questions on the embedded models, no key, no GPU
#   make test    everything that must pass
#   make setup   Python and front ends, ready to work on        make lab     JupyterLab with the quickstart
#   make lint    all linters and type checkers                  make bench   docs/performance.md, every benchmark in one run
#   make docs    the documentation site, in out/site            make matrix  Python 3.11 to 3.13, whichever are here
#   make hooks   checks before each commit
#   make release wheel and vsix, built and tried in dist/       make sbom    what they carry, and its licences
#   make clean   removes what was built here (weights stay in the user's cache)

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
BIN := .venv/bin
STAMPS := .stamps
# The release that the transformers tests run on; a plain "torch" would bring several GB of GPU libraries along.
TORCH ?= torch==2.13.0
# Debian packages: a browser for the browser tests and a font for its screenshots.
BROWSER_PACKAGES := chromium fonts-dejavu-core

FRONTEND_SOURCES = $(shell find extension/lab extension/vscode widgets/src widgets/scripts -type f -not -path '*/node_modules/*' -not -path '*/lib/*' -not -path '*/labextension/*' -not -path '*/dist/*' 2>/dev/null)

.PHONY: help setup demo demo-small lab docs test test-fast lint format bench release sbom matrix hooks clean weights weights-small screenshots \
  test-e2e test-quick-and-real test-kernels

help:
	@sed -n '3,11s/^# \{0,1\}//p' Makefile

$(STAMPS):
	@mkdir -p $@

# -- Python ----------------------------------------------------------------------------------------------------------

$(STAMPS)/venv: | $(STAMPS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "codesteer needs Python 3.11 or newer; set PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@touch $@

# What the main job needs: the package itself, JupyterLab's notebook tools to execute the quickstart.
$(STAMPS)/python: pyproject.toml extension/hatch_build.py $(STAMPS)/venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[lab,data]' nbclient nbconvert
	@touch $@

$(STAMPS)/python-dev: $(STAMPS)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check '$(TORCH)'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,hf]'
	@touch $@

weights: $(STAMPS)/python
	@$(BIN)/codesteer models pull

weights-small: $(STAMPS)/python
	@$(BIN)/codesteer models pull qwen2.5-coder-0.5b
	@$(BIN)/codesteer models pull smollm2-135m

# -- front ends ------------------------------------------------------------------------------------------------------

$(STAMPS)/npm: package-lock.json package.json | $(STAMPS)
	@command -v npm >/dev/null || { echo "The front ends need Node.js 20.19 or newer with npm."; exit 1; }
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(STAMPS)/frontend: $(STAMPS)/npm $(STAMPS)/python $(FRONTEND_SOURCES)
	PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent build
	@mkdir -p .venv/share/jupyter/labextensions/@codesteer
	@ln -sfn "$(CURDIR)/extension/lab/labextension" .venv/share/jupyter/labextensions/@codesteer/lab
	@touch $@

setup: $(STAMPS)/python-dev $(STAMPS)/frontend
	@echo "Ready. Try: make demo, make lab, make test"

# -- the main job ----------------------------------------------------------------------------------------------------

demo: weights
	$(BIN)/python examples/demo.py

demo-small: weights-small
	$(BIN)/python examples/demo.py --model qwen2.5-coder-0.5b

lab: weights $(STAMPS)/frontend
	@# jupyter-collaboration is there for a test (see pyproject.toml); here notebooks are this reader's own.
	$(BIN)/jupyter lab --YDocExtension.disable_rtc=True examples/quickstart.ipynb

# -- quality ---------------------------------------------------------------------------------------------------------

$(STAMPS)/browser: | $(STAMPS)
	@if ! command -v chromium >/dev/null; then \
	  if [ "$$(id -u)" = 0 ]; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(BROWSER_PACKAGES); \
	  else \
	    echo "The browser tests need Chromium. As root: apt-get install $(BROWSER_PACKAGES)"; exit 1; \
	  fi; fi
	@touch $@

# A VS Code that a browser can open, and the extension packed as it is installed.
$(STAMPS)/vscode: tests/browser/vscode/install.mjs | $(STAMPS)
	node $<
	@touch $@

$(STAMPS)/vsix: $(STAMPS)/frontend
	npm run --silent package
	@touch $@

lint: $(STAMPS)/python-dev $(STAMPS)/frontend
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	npm run --silent lint

format: $(STAMPS)/python-dev $(STAMPS)/npm
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	npm run --silent format

# Fast ones first: what fails soon should fail soon. Two lanes then, each of which leaves a core to the other.
test: lint weights-small $(STAMPS)/browser $(STAMPS)/vscode $(STAMPS)/vsix
	npm run --silent test
	$(MAKE) --no-print-directory --jobs=2 --output-sync=line test-quick-and-real test-kernels
	$(BIN)/python -m pytest -m "browser"

# Kernel tests that the first lane takes over, so that both end about together.
KERNELS_APART := tests/executor/test_users.py

test-quick-and-real:
	$(BIN)/python -m pytest -m "not kernel and not real and not browser"
	$(BIN)/python -m pytest -m "real and not browser"
	$(BIN)/python -m pytest -m "kernel" $(KERNELS_APART)

test-kernels:
	$(BIN)/python -m pytest -m "kernel and not real and not browser" $(KERNELS_APART:%=--ignore=%)

test-fast: $(STAMPS)/python-dev
	$(BIN)/python -m pytest -m "not kernel and not real and not browser"

# The VS Code extension in a real VS Code, alone.
test-e2e: $(STAMPS)/python-dev $(STAMPS)/browser $(STAMPS)/vscode $(STAMPS)/vsix
	$(BIN)/python -m pytest tests/browser/test_vscode.py

bench: setup weights weights-small $(STAMPS)/browser
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(BIN)/python -m benchmarks

# -- releases ----------------------------------------------------------------------------------------------------------

# VERSION=0.2.0 changes it first, everywhere.
release: $(STAMPS)/python-dev $(STAMPS)/npm
	$(BIN)/python -m scripts.version $(VERSION)
	$(BIN)/python -m scripts.sbom
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m scripts.release

sbom: $(STAMPS)/python-dev
	$(BIN)/python -m scripts.sbom

matrix: $(STAMPS)/python-dev
	$(BIN)/python -m scripts.matrix $(MATRIX)

hooks: $(STAMPS)/python-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pre-commit
	$(BIN)/pre-commit install

# The documentation site. Every warning is an error; tests/docs builds it so, too.
docs: $(STAMPS)/python-dev $(STAMPS)/frontend
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet docs out/site
	@echo "The site is at out/site/index.html"

# The pictures of docs/, taken anew in a real JupyterLab and a real VS Code.
screenshots: $(STAMPS)/python-dev $(STAMPS)/frontend $(STAMPS)/browser $(STAMPS)/vscode $(STAMPS)/vsix
	$(BIN)/python -m pytest tests/browser/pictures.py

clean:
	rm -rf docs/generated docs/examples
	rm -rf .venv .tools $(STAMPS) node_modules widgets/node_modules extension/lab/node_modules out dist build test-results
	rm -rf widgets/codesteer_widgets/static extension/lab/labextension extension/lab/lib extension/vscode/dist widgets/lib
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
