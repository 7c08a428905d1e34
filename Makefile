# Everything is installed into .venv below this folder; nothing else on the machine is touched.
# Paths are relative on purpose: a checkout may lie under a path with a space, which make cannot quote.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
BIN := .venv/bin

.PHONY: help setup run demo test test-clients check format docs lock bench clean

help: ## Show the commands
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

setup: .venv/.installed ## Install everything into .venv

.venv/.installed: pyproject.toml requirements/dev.lock requirements/mcp-servers.lock package.json package-lock.json scripts/setup
	@scripts/setup

run: setup ## Serve the API on http://127.0.0.1:8000/v1, or a demo where there is no Kiro login
	@$(BIN)/kiro2chat serve --demo auto

demo: setup ## Serve the demo, whatever logins there are
	@$(BIN)/kiro2chat serve --demo

test: setup ## Run all tests
	@$(BIN)/python -m pytest -n auto --ignore=tests/clients/commands --cov --cov-report=term:skip-covered $(ARGS)

test-clients: setup tests/clients/commands/node_modules/.installed ## Run Claude Code and Codex against the gateway
	@$(BIN)/python -m pytest -n 2 tests/clients/commands $(ARGS)

tests/clients/commands/node_modules/.installed: tests/clients/commands/package-lock.json
	@scripts/clients

check: setup ## Check style, types, floors, and that generated tables are up to date
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python scripts/tables.py --check

format: setup ## Format the code and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: setup ## Write the generated tables into the documents
	@$(BIN)/python scripts/tables.py

lock: setup ## Pin all dependencies anew, with hashes
	@scripts/lock

bench: setup ## Measure speed, memory and start-up, as ratios
	@for file in bench/*.py; do echo "== $$file"; $(BIN)/python "$$file"; done

clean: ## Remove everything that was installed or built here
	@rm -rf .venv .tools node_modules dist .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis
