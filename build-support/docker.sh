# shellcheck shell=bash
# Sourced by ./pants and deploy/: which Docker client to call, and what our images are built on.

# shellcheck disable=SC2034 # for who sources this
LOCAL_BASE=concord-base:bookworm # deploy/base-image makes it
# shellcheck disable=SC2034
PULLED_BASE=python:3.11-slim     # the default of the images' ARG BASE_IMAGE

# Debian's client before any other, as in pants.toml: it speaks BuildKit without a plugin.
docker() {
  local client
  client=$(PATH=/usr/bin:$PATH type -P docker) || return 127
  "$client" "$@"
}

engine_answers() { docker version >/dev/null 2>&1; }

has_image() { docker image inspect "$1" >/dev/null 2>&1; }
