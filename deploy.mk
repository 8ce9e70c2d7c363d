# Builds, deploys and invokes the Lambda. The Makefile includes this file; `sam build` enters through deploy/Makefile.
#
#   STACK   the stack's name       default: from samconfig.toml, which `make deploy` writes, or omnisend-export
#   REGION  its region             default: from samconfig.toml, or the AWS CLI's own setting
#   ARCH    arm64 or x86_64        default: from samconfig.toml, or arm64

project := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
samconfig := $(project)/samconfig.toml

# The value of a setting, or of a parameter of the template, in samconfig.toml.
setting = $(shell sed -n 's/^$(1) *= *"\(.*\)"$$/\1/p' '$(samconfig)' 2>/dev/null | head -n 1)
parameter = $(shell sed -n 's/.*$(1)=[\\]*"*\([A-Za-z0-9_]*\).*/\1/p' '$(samconfig)' 2>/dev/null | head -n 1)

STACK ?= $(or $(call setting,stack_name),omnisend-export)
REGION ?= $(call setting,region)
ARCH ?= $(or $(call parameter,Architecture),arm64)

aws := aws $(if $(REGION),--region $(REGION))
sam := SAM_CLI_TELEMETRY=0 sam

features := --no-default-features --features lambda
bootstrap := $(project)/target/lambda/bootstrap/bootstrap
# What `uname -m` prints on a machine that can build for this architecture without cross-compiling.
host_arch := $(if $(filter arm64,$(ARCH)),aarch64 arm64,x86_64)
# The version of glibc in Amazon Linux 2023. A binary that needs a newer one does not start there.
newest_glibc := 2.34

.PHONY: build build-Planner build-Uploader build-Settler deploy invoke invoke-local logs destroy lint-template

build: ## Build the Lambda's bootstrap for ARCH (arm64, x86_64), with cargo-lambda or on a matching host with cargo
	@if command -v cargo-lambda >/dev/null; then \
	    cd '$(project)' && cargo lambda build --release --bin bootstrap $(features) \
	        --$(if $(filter arm64,$(ARCH)),arm64,x86-64) --lambda-dir target/lambda; \
	elif [ "$$(uname -s)" = Linux ] && echo ' $(host_arch) ' | grep -q " $$(uname -m) "; then \
	    cd '$(project)' && cargo build --release --bin bootstrap $(features) --target-dir target \
	        && mkdir -p '$(dir $(bootstrap))' && cp target/release/bootstrap '$(bootstrap)'; \
	else \
	    echo 'This machine cannot build for Linux on $(ARCH) without cargo-lambda: install it' \
	        '(https://www.cargo-lambda.info), or set ARCH to the architecture of this machine.' >&2; exit 1; \
	fi

# One target for each function in template.yaml. They share one artifact, so it is compiled once.
build-Planner build-Uploader build-Settler: build
	@wanted=$$(grep -ao 'GLIBC_2\.[0-9]*' '$(bootstrap)' | sed 's/GLIBC_//' | sort -t. -k2 -n | tail -n 1); \
	newest=$$(printf '%s\n' "$$wanted" $(newest_glibc) | sort -t. -k2 -n | tail -n 1); \
	if [ "$$newest" != $(newest_glibc) ]; then \
	    echo "The bootstrap needs glibc $$wanted, and Lambda has $(newest_glibc). Install cargo-lambda, which builds" \
	        'for the older version, or build on Amazon Linux 2023.' >&2; exit 1; \
	fi
	cp '$(bootstrap)' '$(ARTIFACTS_DIR)/bootstrap'

deploy: ## Build and deploy the stack; asks for parameters the first time, then reads samconfig.toml
	@test '$(ARCH)' = '$(or $(call parameter,Architecture),$(ARCH))' || { \
	    echo 'samconfig.toml sets another Architecture. Change it there, or leave ARCH out.' >&2; exit 2; }
	cd '$(project)' && ARCH=$(ARCH) $(sam) build --parameter-overrides Architecture=$(ARCH)
	cd '$(project)' && $(sam) deploy --stack-name '$(STACK)' --capabilities CAPABILITY_IAM \
	    $(if $(REGION),--region $(REGION)) \
	    $(if $(wildcard $(samconfig)),--resolve-s3 --no-fail-on-empty-changeset,--guided --parameter-overrides Architecture=$(ARCH))

# Prints the function that handles an event in template.yaml.
define function_of
case "$$(tr -d ' \t\r\n' <'$(1)')" in \
    *'"eventSource":"aws:sqs"'* | *'"action":"connect"'*) echo uploader ;; \
    *'"part":"drops"'*) echo planner ;; \
    *'"part":"runs"'* | *'"action":"status"'* | *'"action":"cancel"'*) echo settler ;; \
    *) echo planner ;; \
esac
endef

# Fails if EVENT is not a file, and lists the examples.
define has_event
@test -f '$(EVENT)' || { \
    echo $(if $(EVENT),'The file $(EVENT) does not exist. Examples:','Name an event: make $@ EVENT=…, with one of these or your own:') >&2; \
    cd '$(project)' && ls events/*.json | sed 's/^/  /' >&2; exit 2; }
endef

invoke-local: ## Run EVENT=events/….json on the real binary, with stand-ins for AWS and Omnisend; needs no account
	$(has_event)
	@$(MAKE) --silent --no-print-directory $(VENV)/done
	@cargo build --quiet --features lambda --bin bootstrap --example invoke-local
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" target/debug/examples/invoke-local '$(EVENT)'

invoke: ## Invoke the deployed function with EVENT=events/….json; prints the end of its log, then its result
	$(has_event)
	@set -e; function='$(STACK)'-$$($(call function_of,$(EVENT))); \
	answer=$$(mktemp); trap 'rm -f "$$answer"' EXIT; \
	echo "$$function" >&2; \
	result=$$($(aws) lambda invoke --function-name "$$function" --payload 'file://$(EVENT)' \
	    --cli-binary-format raw-in-base64-out --cli-read-timeout 0 --log-type Tail \
	    --query '[FunctionError, LogResult]' --output text "$$answer"); \
	printf '%s' "$$result" | cut -f 2 | base64 -d >&2; \
	cat "$$answer"; echo; \
	case "$$result" in None*) ;; *) exit 1 ;; esac

logs: ## Follow the logs of all functions, or of one: FUNCTION=planner, uploader or settler
ifdef FUNCTION
	$(aws) logs tail '/aws/lambda/$(STACK)-$(FUNCTION)' --follow --since 15m --format short
else
	$(sam) logs --stack-name '$(STACK)' $(if $(REGION),--region $(REGION)) --tail
endif

destroy: ## Remove the stack; the bucket with configuration, drops and runs remains
	@bucket=$$($(aws) cloudformation describe-stacks --stack-name '$(STACK)' --output text \
	    --query 'Stacks[0].Outputs[?OutputKey==`StateBucket`].OutputValue') && \
	$(sam) delete --stack-name '$(STACK)' $(if $(REGION),--region $(REGION)) && \
	echo "The bucket $$bucket remains, with all versions of its objects, and so do the secrets. To deploy over it" \
	    'again, set CreateStateBucket to no. docs/DEPLOY.md describes how to remove them.'

lint-template: ## Check template.yaml with cfn-lint, sam validate and tests of its policies
	cfn-lint --non-zero-exit-code informational -c I -- '$(project)/template.yaml'
	cd '$(project)' && AWS_DEFAULT_REGION=$(or $(REGION),eu-west-1) $(sam) validate --lint
	python3 -m unittest discover -s '$(project)/tests/template'
