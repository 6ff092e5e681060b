# The two commands of the README: `make demo` and `make test`. Each does all its own set-up.
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := ringback ringbackd agi ami_listener whatsapp tests benchmarks

.PHONY: demo test check setup browser kit lock docs bench clean

demo: $(VENV)/run-ready       ## a real PBX, a simulated WhatsApp and a page to try it on
	@$(BIN)/ringback sandbox

test: $(VENV)/dev-ready browser kit check   ## everything: checks, pure tests, real Redis, real Asterisk, real browser
	@$(BIN)/python -m tests.everything

check: $(VENV)/dev-ready      ## style, types, imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

setup: $(VENV)/dev-ready

$(VENV)/run-ready: requirements.lock setup.cfg deploy/venv.sh
	@sh deploy/venv.sh $(VENV) requirements.lock
	@touch $@

$(VENV)/dev-ready: requirements-dev.lock setup.cfg deploy/venv.sh
	@sh deploy/venv.sh $(VENV) requirements-dev.lock
	@touch $@ $(VENV)/run-ready

browser:
	@sh deploy/browser.sh

kit: $(VENV)/dev-ready        ## Asterisk 22 and 16, redis-server and sipp, as an ordinary user
	@$(BIN)/python -m ringbackd.sandbox.kit 22 16 redis-6 mariadb voice

$(VENV)-bench/ready: requirements-bench.lock deploy/venv.sh
	@sh deploy/venv.sh $(VENV)-bench requirements-bench.lock
	@touch $@

bench: $(VENV)/dev-ready $(VENV)-bench/ready kit  ## figures, for your own eyes, beside other projects' programs
	$(BIN)/python -m benchmarks.ami
	$(BIN)/python -m benchmarks.burst
	$(BIN)/python -m benchmarks.callbacks
	$(BIN)/python -m benchmarks.latency
	$(BIN)/python -m benchmarks.sender
	$(BIN)/python -m benchmarks.webhook
	$(BIN)/python -m benchmarks.offer

docs: $(VENV)/dev-ready       ## what is made from the code
	$(BIN)/python -m ringback.diagram > docs/case.md
	$(BIN)/python -m ami_listener.eventfilter > dialplan/manager_ringback_filter.conf
	$(BIN)/python -m ami_listener.eventfilter --old > dialplan/manager_ringback_filter_old.conf

lock:                         ## pin everything anew (needs uv in the virtual environment)
	echo setuptools | $(BIN)/uv pip compile setup.cfg - --universal --python-version 3.11 --generate-hashes --upgrade \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate -q -o requirements.lock
	$(BIN)/uv pip compile setup.cfg --extra dev --universal --python-version 3.11 --generate-hashes --upgrade \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate -q -o requirements-dev.lock
	$(BIN)/uv pip compile setup.cfg --extra bench --universal --python-version 3.11 --generate-hashes --upgrade \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate -q -o requirements-bench.lock

clean:
	rm -rf $(VENV) $(VENV)-bench build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
