# Every command of the project; `make` alone lists them. Each one prepares what it needs first.
#
#   PYTHON=/path/to/python3.12   the Python to make .venv with
#   TORCH_INDEX=URL              a further package index for PyTorch (see README.md, "Without an NVIDIA card")
#   ARGS="-k canvas"             handed on to pytest, to the benchmarks, or to the studio

SHELL := /bin/sh
VENV := .venv/bin
PYTHON ?=
TORCH_INDEX ?=
ARGS ?=

PREPARE := PYTHON="$(PYTHON)" sh scripts/setup.sh
PREPARE_OPTIONS := --torch-index="$(TORCH_INDEX)"
LINTERS := "ruff format --check --quiet ." "ruff check --quiet --output-format=concise ." "mypy --no-error-summary" "lint-imports --no-logo"

.DEFAULT_GOAL := help
.PHONY: help run test lint format bench gpu-check screenshots lock wheel clean ready ready-to-test

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

run: ready ## open the studio; without a display, paint a picture into out/
	@$(VENV)/python -m studio.first_run $(ARGS)

test: ready-to-test ## check format, types and imports, then run every test
	@linted=0; $(MAKE) --no-print-directory --silent lint || linted=1; \
	tested=0; QT_QPA_PLATFORM=offscreen $(VENV)/python -m pytest -n auto --maxprocesses 8 --dist worksteal $(ARGS) || tested=$$?; \
	if [ $$linted -ne 0 ]; then exit 1; fi; exit $$tested

lint: ready-to-test ## check format, style, types and the direction of imports
	@failed=; for tool in $(LINTERS); do \
		if $(VENV)/$$tool; then echo "clean: $$tool"; else failed="$$failed [$$tool]"; fi; \
	done; \
	if [ -n "$$failed" ]; then echo "NOT CLEAN:$$failed" >&2; exit 1; fi

format: ready-to-test ## put the code into its house format and mend what can be mended
	@$(VENV)/ruff check --fix-only --quiet . && $(VENV)/ruff format .

bench: ready-to-test ## print the measured numbers (minutes; leave the machine alone meanwhile)
	@for benchmark in benchmarks/[!_]*.py; do echo "── $$benchmark"; $(VENV)/python $$benchmark $(ARGS) || exit 1; done

gpu-check: ready ## compare what a graphics card computes with the processor, and measure it (docs/gpu.md)
	@$(VENV)/python scripts/gpu_check.py $(ARGS)

screenshots: ready-to-test ## make the pictures of docs/ again
	@$(VENV)/python scripts/screenshots.py $(ARGS)

lock: ready-to-test ## write requirements/ from what .venv holds
	@$(VENV)/python scripts/lock.py

wheel: ready-to-test ## build the wheel and the source archive into dist/
	@$(VENV)/python -m build --no-isolation --outdir dist

clean: ## remove what tools leave behind; .venv and out/ stay
	@rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

ready:
	@$(PREPARE) run $(PREPARE_OPTIONS)

ready-to-test:
	@$(PREPARE) test $(PREPARE_OPTIONS)
