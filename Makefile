# Every target does its own set-up: the virtual environment in .venv, the package and what its tests need.
BIN := .venv/bin

.PHONY: demo test lint bench venv packages

demo: .venv/installed.stamp
	@echo '$$ xmppscope demo'
	@$(BIN)/xmppscope demo --color always --record demo.pcapng --force

test: .venv/installed.stamp packages
	@scripts/test-clients
	@scripts/check test

lint: .venv/installed.stamp
	@scripts/check lint

bench: .venv/installed.stamp packages
	@$(BIN)/python -m benchmarks

venv: .venv/installed.stamp

.venv/installed.stamp: pyproject.toml scripts/make-venv
	@scripts/make-venv
	@touch $@

packages:
	@scripts/debian-packages
