# Every target does its own set-up: the virtual environment in .venv, the package and what its tests need.
BIN := .venv/bin
RECORDING := captures/tls13-starttls-prosody

.PHONY: demo test lint bench venv packages

demo: .venv/installed.stamp
	@echo '$$ xmppscope read $(RECORDING).pcap --keylog $(RECORDING).keys'
	@$(BIN)/xmppscope read $(RECORDING).pcap --keylog $(RECORDING).keys --color always

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
