# The commands that a person needs. Requires Rust, Python >= 3.10 with venv, make and a C linker;
# everything else is installed into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TOOLS_READY := $(VENV)/.tools-ready
PACKAGE_READY := $(VENV)/.package-ready
PYTEST_ARGS ?=
OUT ?= out
# An interpreter that has NEST: `make demo` then runs it beside Ovenbird.
PEER_PYTHON ?=
TYPED := python/ovenbird tools tests/reference

export PYO3_PYTHON := $(abspath $(BIN)/python)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_QUIET := 1
export VIRTUAL_ENV := $(abspath $(VENV))
unexport CONDA_PREFIX

.DEFAULT_GOAL := help
.PHONY: help demo test test-long rust-test python-test bench wheel docs fmt lint develop clean \
    mpi mpi-library test-mpi test-arm

help:
	@echo "make demo       run the example scripts; figures and a table in $(OUT)/"
	@echo "make test       everything that must pass: format, lints, Rust and Python tests"
	@echo "make test-long  the tests that take minutes"
	@echo "make bench      benchmarks, to $(OUT)/bench.md; with PEER_PYTHON=... beside NEST"
	@echo "make wheel      one wheel in dist/, installed and run in a bare environment"
	@echo "make docs       the documentation of the crates, and the pages of the models"
	@echo "make fmt        format the sources"
	@echo "make lint       format check, clippy, mypy, stubtest, ruff"
	@echo "make develop    build the extension module into .venv"
	@echo "make mpi        build the extension module with MPI; installs Open MPI where apt can"
	@echo "make test-mpi   the tests of several processes, under mpirun"
	@echo "make test-arm   the Rust tests on 64-bit Arm, elsewhere emulated: rustup target add $(ARM);"
	@echo "                gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user of Debian"
	@echo "make clean      remove everything that was built"

# A virtual environment with the build tools; made anew when the requirements change.
$(TOOLS_READY): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install "maturin~=1.16" "mypy~=2.4" "ruff~=0.17.5"
	touch $@

# The package with everything that its tests need, editable.
$(PACKAGE_READY): $(TOOLS_READY)
	$(BIN)/maturin develop --quiet --profile develop --extras test
	touch $@

# Cargo knows what is stale, so this costs a second when nothing is.
develop: $(PACKAGE_READY)
	$(BIN)/maturin develop --quiet --profile develop --skip-install

# What the MPI build needs beyond the rest: a library with its compiler wrapper, and libclang.
mpi-library:
	command -v mpicc mpirun >/dev/null && ls /usr/lib/llvm-*/lib/libclang.so >/dev/null 2>&1 || \
	    $(if $(filter 0,$(shell id -u)),,sudo) apt-get install -y --no-install-recommends \
	    libopenmpi-dev openmpi-bin libclang-dev

mpi: mpi-library $(PACKAGE_READY)
	$(BIN)/maturin develop --quiet --profile develop --skip-install --features mpi

# More processes than cores, also for root.
MPIRUN := mpirun --oversubscribe $(if $(filter 0,$(shell id -u)),--allow-run-as-root)

test-mpi: mpi
	cargo test --package ovenbird-mpi --features mpi --no-run
	for n in 2 3 4 5; do \
	    $(MPIRUN) -n $$n $$(cargo test --package ovenbird-mpi --features mpi --no-run \
	        --message-format short 2>&1 | sed -n 's/.*tests.ranks.rs (\(.*\))/\1/p') || exit 1; \
	done
	for n in 2 4; do \
	    $(BIN)/python -m pytest python/tests/mpi --processes $$n || exit 1; \
	done

# The Rust tests on 64-bit Arm. On other processors it is emulated, which needs the target's
# standard library (`rustup target add`), a linker with the C library, and qemu's user mode.
ARM := aarch64-unknown-linux-gnu
ARM_LINKER ?= $(if $(filter aarch64,$(shell uname -m)),cc,aarch64-linux-gnu-gcc)
ARM_RUNNER ?= $(if $(filter aarch64,$(shell uname -m)),,qemu-aarch64 -L /usr/aarch64-linux-gnu)

test-arm:
	CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=$(ARM_LINKER) \
	$(if $(ARM_RUNNER),CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="$(ARM_RUNNER)") \
	PROPTEST_CASES=16 cargo test --target $(ARM)

demo: develop
	$(BIN)/python tools/demo.py --out $(OUT) $(if $(PEER_PYTHON),--peer-python $(PEER_PYTHON))

test: lint rust-test python-test

rust-test: $(TOOLS_READY)
	if cargo nextest --version >/dev/null 2>&1; then \
	    cargo nextest run --no-tests=pass && cargo test --doc; \
	else \
	    cargo test; \
	fi

python-test: develop
	$(BIN)/python -m pytest $(PYTEST_ARGS)

test-long: develop
	cargo test --release -p ovenbird --test limits -- --ignored --test-threads 1
	$(BIN)/python -m pytest -m long $(PYTEST_ARGS)

bench: develop
	$(BIN)/python tools/bench.py --out $(OUT) $(if $(PEER_PYTHON),--peer-python $(PEER_PYTHON))

wheel: $(TOOLS_READY)
	rm -rf dist
	$(BIN)/maturin build --release --strip --out dist
	$(BIN)/python tools/check_wheel.py dist

docs: develop
	cargo doc --no-deps
	$(BIN)/python tools/model_pages.py
	@echo "crates: target/doc/ovenbird/index.html"
	@echo "models: docs/models/README.md"

fmt: $(TOOLS_READY)
	cargo fmt
	$(BIN)/ruff format python tools tests benches

lint: develop
	cargo fmt --check
	cargo clippy --workspace --all-targets -- -D warnings
	$(BIN)/ruff format --check python tools tests benches
	$(BIN)/ruff check python tools tests benches
	$(BIN)/mypy $(TYPED)
	$(BIN)/python -m mypy.stubtest ovenbird._ovenbird --mypy-config-file pyproject.toml \
	    --allowlist tools/stubtest_allowlist.txt

clean:
	cargo clean
	rm -rf $(VENV) $(OUT) dist .mypy_cache .pytest_cache .ruff_cache python/ovenbird/_ovenbird*.so
