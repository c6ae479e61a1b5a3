# Two commands for a fresh clone: `make demo` and `make test`. They need Python >= 3.11 and nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test fuzz kinds lint clean

demo: $(VENV)/installed-notebook
	$(BIN)/backprose demo

test: lint
	$(BIN)/python -m pytest -n 2

# N random programs with loops, in both modes and targets: `make fuzz N=2000`.
N ?= 500
fuzz: $(VENV)/installed-test
	$(BIN)/python tests/programs/fuzz.py --examples $(N) --without conditional_alias

# The parts of the package stand side by side here; pyright resolves its imports where they are nested.
# Every function of the catalogue at complex, empty, 0-d, integer, float32, strided arguments: half an hour.
kinds: $(VENV)/installed-test
	$(BIN)/python -W ignore tests/programs/argument_kinds.py

lint: $(VENV)/installed-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	rm -rf build/package && mkdir -p build/package
	cp -R backprose build/package/
	cp -R transform primitives build/package/backprose/
	$(BIN)/pyright build/package/backprose

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis

# The stamp is written after the install, which runs again only where pyproject.toml has changed.
$(VENV)/installed-%: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python >= 3.11 is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[$*]"
	@touch $@
