# A thin shell over the paper's program. make flattens every failure to exit code 2:
# the last line of the output says the real one, and CI calls the binary itself.

CARGO ?= cargo
CONDENSE = $(CARGO) run --release --locked --package condensation --
ONLY ?=
ID ?=

.PHONY: report verify identical test broken soak web check accept new bench clean help

help: ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/'

report: ## build what changed, check every claim, write report/index.html (ONLY=id for one figure)
	@$(CARGO) build --release --locked
	@$(CONDENSE) report $(addprefix --only ,$(ONLY))

verify: ## recompute everything in an empty store and compare with manifest.lock
	@$(CONDENSE) verify

identical: ## prove that every platform which this machine is, or can play, gives the same bits
	@.ci/identical

accept: ## write what came out into manifest.lock, and the same at the tiny parameters that tests compare
	@$(CONDENSE) --quiet --profile smoke run || [ $$? -eq 4 ] # where bits moved; accept refuses what hands altered
	@$(CONDENSE) --profile smoke accept
	@$(CONDENSE) accept

new: ## a new figure with a passing toy run: make new ID=my-figure
	@$(CONDENSE) new $(ID)

test: ## all tests
	@$(CARGO) test --locked --workspace

broken: ## put faults into a copy of the science, one at a time: claims must turn red (FIGURES="id id", WRITE=1)
	@$(CARGO) test --locked --workspace --test paper broken_science -- --ignored --nocapture

SEQUENCES ?= 5000
SEED ?= 1000
soak: ## thousands of random edits: a warm report equals a cold one (SEQUENCES=n SEED=n)
	@SEQUENCES=$(SEQUENCES) SEED=$(SEED) $(CARGO) test --locked --package condense --test behaviour warm_cold -- --nocapture

web: ## look at the finished report in a browser, and let validators read it (tests/web)
	@$(CONDENSE) report --single
	@tests/web/run

check: ## format, lints, and the manifest and pages without running anything
	@$(CARGO) fmt --all --check
	@$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	@$(CONDENSE) check

bench: ## kernels and the pipeline itself, as ratios
	@$(CARGO) bench --locked --package condensation

clean: ## remove the report and the store
	@$(CONDENSE) clean --store
