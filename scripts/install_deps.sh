#!/usr/bin/env bash
# Installs the Debian packages that a set of tasks needs and this machine lacks.
#   install_deps.sh SET...      sets: build, test, demo, peers, packages
# Looks at dpkg first, so that a run with nothing to do is instant and needs neither a network nor root.
set -euo pipefail

# The Boost of Debian 12 itself has no Boost.URL; later releases have no second one.
boost=
if [[ $(. /etc/os-release && echo "${VERSION_CODENAME:-}") == bookworm ]]; then boost=1.81; fi
build_packages=(
  ca-certificates ccache cmake g++ git "libboost-url$boost-dev" "libboost$boost-dev" libcli11-dev libdcmtk-dev libdeflate-dev libdnnl-dev
  libfmt-dev libgif-dev libgmock-dev libgtest-dev libjpeg62-turbo-dev liblcms2-dev libopenjp2-7-dev libopenmpi-dev libpng-dev libpq-dev libpugixml-dev libre2-dev
  libspdlog-dev libsqlite3-dev
  libssl-dev libtiff-dev libutf8proc-dev libwebp-dev libxxhash-dev libyaml-cpp-dev libzip-dev make ninja-build
  nlohmann-json3-dev pkg-config prometheus-cpp-dev python3 python3-venv zlib1g-dev
)
test_packages=(chromium clang clang-format dcmtk dicom3tools fish fonts-dejavu-core groff-base iproute2 libclang-rt-14-dev libomp-dev openmpi-bin openssl postgresql procps python3 python3-dev python3-venv r-cran-proc strace zsh)
demo_packages=(python3 python3-venv)
# For the page of mi2 serve. Where others installed Node.js, Debian's npm could not be.
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then build_packages+=(nodejs npm); fi
# PyTorch compiles models against Python's headers.
peers_packages=(python3 python3-dev python3-venv)
# dpkg-shlibdeps finds what a .deb depends on; objdump, what a tarball needs of glibc.
packages_packages=(binutils dpkg-dev file python3 python3-dev python3-venv)

wanted=()
for set_name in "$@"; do
  case "$set_name" in
    build) wanted+=("${build_packages[@]}") ;;
    test) wanted+=("${test_packages[@]}") ;;
    demo) wanted+=("${demo_packages[@]}") ;;
    peers) wanted+=("${peers_packages[@]}") ;;
    packages) wanted+=("${packages_packages[@]}") ;;
    *) echo "install_deps: unknown set '$set_name' (build, test, demo, peers, packages)" >&2; exit 2 ;;
  esac
done
[[ ${#wanted[@]} -gt 0 ]] || { echo "usage: install_deps.sh build|test|demo|peers|packages ..." >&2; exit 2; }

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "install_deps: this is not a Debian system; install by hand the equivalents of: ${wanted[*]}" >&2
  exit 1
fi

installed=$(dpkg-query --show --showformat '${binary:Package} ${db:Status-Status}\n' | sed -n 's/^\([^: ]*\).* installed$/\1/p')
mapfile -t missing < <(comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) <(sort -u <<<"$installed"))
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "install_deps: missing packages, and neither root nor sudo to install them. As root, run:" >&2
    echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "install_deps: installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run_apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 "$@" >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    echo "install_deps: 'apt-get $*' failed (above). Debian 12 (bookworm) with its main repository is needed." >&2
    exit 1
  }
}
run_apt update -qq
run_apt install --yes --no-install-recommends "${missing[@]}"
echo "install_deps: installed ${#missing[@]} packages"
