# `make` lists the targets. Everything that they need beyond Rust, Python 3 and Node they install below target/.

.DEFAULT_GOAL := help
.PHONY: help demo test check bench fuzz clean

VENV := target/venv

help: ## List the targets
	@grep -hE '^[a-zA-Z_-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

demo: ## Show the whole pipeline: a messy sample segment, exported into a sandbox
	@cargo run --quiet -- demo

test: $(VENV)/done ## Run every test
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" tests/run

check: ## Check formatting, lints and documentation, and that each binary builds by itself
	cargo fmt --check
	cargo clippy --all-targets --all-features -- -D warnings
	# What a user builds, and what is deployed: one feature must not lean on what another one brings.
	cargo clippy --bins -- -D warnings
	cargo clippy --no-default-features --features lambda --bins -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --all-features --document-private-items

bench: ## Measure planning and uploading: see docs/BENCHMARKS.md
	cargo bench --bench plan
	cargo bench --bench mapping
	cargo bench --bench upload

fuzz: ## Run every fuzz target for FUZZ_SECONDS (60), on the readers of segment files and the mapping
	@fuzz/run

clean: ## Remove what was built, and the demo's state
	cargo clean
	rm -rf demo

include deploy.mk

# The stand-ins that the tests run against.
$(VENV)/done: tests/requirements.txt
	@python3 -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@
