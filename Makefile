# `make` lists the targets. They need Rust, a C compiler and Python 3, and install everything else below target/.

.DEFAULT_GOAL := help
.PHONY: help demo test check bench fuzz clean

VENV := target/venv

help: ## List the targets
	@grep -hE '^[a-zA-Z_-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

demo: ## Send a messy sample segment to a sandbox, to see a whole run
	@cargo run --quiet -- demo

test: $(VENV)/done ## Run all tests
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" tests/run

check: ## Check formatting, lints, layers, documentation and its links, and that each binary builds by itself
	cargo fmt --all --check
	cargo xtask layers
	cargo clippy --workspace --all-targets --all-features -- -D warnings
	# The two builds that ship, each by itself: no feature may rely on what another one enables.
	cargo clippy --bins -- -D warnings
	cargo clippy --no-default-features --features lambda --bins -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features --document-private-items
	python3 docs/check.py

bench: ## Measure plans and uploads: see docs/BENCHMARKS.md
	cargo bench --bench plan
	cargo bench --bench mapping
	cargo bench --bench upload

fuzz: ## Fuzz the readers of segment files and the mapping, each for FUZZ_SECONDS (60)
	@fuzz/run

clean: ## Remove build output and the demo's state
	cargo clean
	rm -rf demo

include deploy.mk

# The stand-ins for AWS, and the tools that check the template.
$(VENV)/done: tests/requirements.txt
	@python3 -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@
