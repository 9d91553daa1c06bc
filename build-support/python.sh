# shellcheck shell=bash
# Sourced by ./pants, ./dev and 3rdparty/python/lock: how to come by an interpreter and a venv on a
# machine that has only git and CPython 3.11, Debian's cut-down one included. Everything lands where
# the caller says; nothing is installed into the system, and no host is named here.
#
#   find_python 3.11           prints the path of a CPython of that version, or returns 1
#   make_venv PYTHON DIR       a venv with a working pip, also where Debian left ensurepip out
#   unpack_debian SUITE DIR PACKAGE...
#                              unpacks Debian packages under DIR, root or not

is_cpython() { # PYTHON VERSION
  [[ -x $1 && $("$1" -c 'import sys; print(sys.implementation.name, "%d.%d" % sys.version_info[:2])' 2>/dev/null) == "cpython $2" ]]
}

# The variable PYTHON311 (or PYTHON39, ...) wins; then PATH, pyenv, uv and the usual folders.
find_python() { # VERSION
  local chosen="PYTHON${1/./}" candidate
  local home=${HOME:-/nonexistent}
  for candidate in "${!chosen:-}" "$(type -P "python$1")" \
    "${PYENV_ROOT:-$home/.pyenv}/versions/$1".*/bin/"python$1" \
    "$home/.local/share/uv/python/cpython-$1"*/bin/"python$1" \
    "/usr/local/bin/python$1" "/usr/bin/python$1" "/opt/python/$1"*/bin/"python$1" "$(type -P python3)"; do
    if [[ -n $candidate ]] && is_cpython "$candidate" "$1"; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  return 1
}

# pip needs no installation to install itself, so a wheel of it is all that ensurepip is missed for.
make_venv() { # PYTHON DIR
  local python=$1 dir=$2 wheels=${PIP_WHEELS:-/usr/share/python-wheels} unpacked='' status=0
  if "$python" -c 'import ensurepip' 2>/dev/null; then
    "$python" -m venv "$dir"
    return
  fi
  "$python" -m venv --without-pip "$dir" || return 1
  if ! compgen -G "$wheels/pip-*.whl" >/dev/null; then
    unpacked=$(mktemp -d)
    unpack_debian "$(_codename)" "$unpacked" python3-pip-whl || status=1
    wheels=$unpacked/usr/share/python-wheels
  fi
  # Debian 11 takes pip's own dependencies out of its wheel and puts them beside it.
  ((status)) || PYTHONPATH=$(printf '%s:' "$wheels"/*.whl) "$dir/bin/python" -m pip -qq \
    --disable-pip-version-check install --ignore-installed 'pip<26' || status=1
  rm -rf "$unpacked"
  return "$status"
}

_codename() { (. /etc/os-release && printf '%s\n' "${VERSION_CODENAME:-}"); }

# Debian's mirror, as this machine's own apt knows it.
debian_mirror() {
  # shellcheck disable=SC2016 # apt's own placeholder
  apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -m 1 -E '/debian/?$'
}

# A state of its own, so that neither root nor the machine's package lists are needed.
unpack_debian() { # SUITE DIR PACKAGE...
  local suite=$1 dir=$2 mirror state status=0
  shift 2
  type -P apt-get >/dev/null && type -P dpkg-deb >/dev/null && mirror=$(debian_mirror) || return 1
  state=$(mktemp -d)
  mkdir -p "$dir" "$state"/{lists/partial,cache/archives/partial,debs}
  # A suite that Debian has retired is no longer signed anew: its date may have passed.
  printf 'deb [check-valid-until=no] %s %s main\n' "$mirror" "$suite" >"$state/sources.list"
  local apt=(apt-get -qq -o "Dir::Etc::sourcelist=$state/sources.list" -o Dir::Etc::sourceparts=-
    -o "Dir::State::lists=$state/lists" -o "Dir::Cache=$state/cache" -o Dir::State::status=/dev/null
    -o "APT::Sandbox::User=$(id -un)" -o Debug::NoLocking=1)
  { "${apt[@]}" update && (cd "$state/debs" && "${apt[@]}" download "$@"); } || status=1
  local deb
  ((status)) || for deb in "$state"/debs/*.deb; do dpkg-deb -x "$deb" "$dir" || status=1; done
  rm -rf "$state"
  return "$status"
}
