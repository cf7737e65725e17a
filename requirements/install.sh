#!/bin/sh
# Usage: requirements/install.sh create|runtime|dev|clients|parity|litellm|peers
# Makes .venv and installs locked packages into it; PYTHON names the interpreter. Called by the Makefile.
# Nothing is installed outside the repository.
set -eu

fail() {
    printf '\nossian: %s\n' "$1" >&2
    exit 1
}

is_python_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        is_python_new_enough "$PYTHON" ||
            fail "PYTHON=$PYTHON is not a Python 3.11 or newer ($("$PYTHON" --version 2>&1 || true))."
        return
    fi
    for PYTHON in python3 python3.14 python3.13 python3.12 python3.11; do
        if is_python_new_enough "$PYTHON"; then return; fi
    done
    fail "Python 3.11 or newer is needed; this machine's python3 is $(python3 --version 2>&1 || true).
Install one, or name it: make serve PYTHON=/path/to/python3.12"
}

debian_name() { # of the interpreter's packages: python3 for the system's own, else python3.12 and the like
    case "$PYTHON" in
    *python3.[0-9]*) basename "$PYTHON" ;;
    *) echo python3 ;;
    esac
}

check_build_tools() {
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$PYTHON has no venv module. On Debian and Ubuntu: apt install $(debian_name)-venv"
    "$PYTHON" -c 'import os, sysconfig, sys
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' ||
        fail "$PYTHON has no C headers (Python.h). On Debian and Ubuntu: apt install $(debian_name)-dev"
    # Waiting on an atomic is what GCC 10 and older lack.
    printf '#include <atomic>\nint main() { std::atomic<int> a{0}; a.wait(1); }\n' |
        "${CXX:-c++}" -std=c++20 -x c++ -fsyntax-only - 2>/dev/null ||
        fail "a C++20 compiler is needed and '${CXX:-c++}' is not one. On Debian and Ubuntu: apt install g++
Another one is chosen by CXX: make serve CXX=clang++"
}

create() {
    if is_python_new_enough .venv/bin/python; then return; fi  # someone made it by hand
    find_python
    check_build_tools
    echo "Creating .venv with $("$PYTHON" --version) …"
    "$PYTHON" -m venv --clear .venv
}

install() {
    environment=$1
    shift
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check "$@" ||
        fail "the Python packages could not be installed (the reason is above).
The first start needs the network, or a mirror that pip is told of (PIP_INDEX_URL); later ones do not."
}

amx_flag() { # GCC 12's tile instructions do not say which memory they read: llama.cpp's AMX kernels break
    case $("${CXX:-c++}" --version) in *clang*) return ;; esac
    if "${CXX:-c++}" -march=native -dM -E -x c++ /dev/null 2>/dev/null | grep -q __AMX_INT8__; then
        echo "-mno-amx-int8"
    fi
}

case "${1:-}" in
create)
    create
    ;;
runtime)
    echo "Installing the locked Python packages (once; about a minute) …"
    install .venv -r requirements/build.txt -r requirements/runtime.txt
    ;;
dev)
    echo "Installing the development packages (once) …"
    install .venv -r requirements/dev.txt
    ;;
clients)
    echo "Installing the client libraries into .venv-clients (once) …"
    .venv/bin/python -m venv .venv-clients
    install .venv-clients --require-hashes -r requirements/clients.txt
    ;;
parity)
    echo "Installing torch and transformers into .venv-torch (once; large) …"
    .venv/bin/python -m venv .venv-torch
    install .venv-torch torch==2.13.0 # by name: its files differ from index to index
    install .venv-torch --require-hashes -r requirements/parity.txt
    ;;
litellm)
    echo "Installing LiteLLM's proxy into .venv-litellm (once; large) …"
    .venv/bin/python -m venv .venv-litellm
    install .venv-litellm --require-hashes -r requirements/litellm.txt
    ;;
peers)
    echo "Building llama.cpp into .venv-peers, for this machine (once; many minutes) …"
    .venv/bin/python -m venv .venv-peers
    install .venv-peers --require-hashes -r requirements/build.txt
    # Without the cache: what it keeps may have been built for the CPU of another machine that shares this home.
    CFLAGS="$(amx_flag) ${CFLAGS:-}" CXXFLAGS="$(amx_flag) ${CXXFLAGS:-}" \
        PATH=$PWD/.venv-peers/bin:$PATH CMAKE_ARGS="-DGGML_NATIVE=ON -DLLAVA_BUILD=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_CURL=OFF ${CMAKE_ARGS:-}" \
        install .venv-peers --no-cache-dir --require-hashes --no-build-isolation --no-binary llama-cpp-python -r requirements/peers.txt
    ;;
*)
    fail "usage: requirements/install.sh create|runtime|dev|clients|parity|litellm|peers"
    ;;
esac
