# shellcheck shell=bash
# Sourced by .ci/run: how to come by Node.js, and by the programs of 3rdparty/node. Needs python.sh.

# Prints the folder of a node 20 or later and its npm: those on PATH, else those that PyPI has, in DIR.
find_node() { # DIR
  local major venv=$1
  if major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null) && ((major >= 20)) && type -P npm >/dev/null; then
    dirname "$(type -P node)"
    return
  fi
  make_venv "$(find_python 3.11)" "$venv" >/dev/null &&
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --no-input --require-hashes \
      -r 3rdparty/python/nodejs.lock &&
    printf '%s\n' "$venv/bin"
}

# The programs of 3rdparty/node, in DIR/node_modules.
install_node_programs() { # DIR
  mkdir -p "$1" && cp 3rdparty/node/package.json 3rdparty/node/package-lock.json "$1" &&
    (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)
}
