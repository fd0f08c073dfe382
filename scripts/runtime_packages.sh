#!/usr/bin/env bash
# Prints the Debian packages whose libraries a program is linked to, one per line: what a machine without compilers needs.
#   runtime_packages.sh PROGRAM
set -euo pipefail
[[ $# -eq 1 ]] || { echo "usage: runtime_packages.sh PROGRAM" >&2; exit 2; }

libraries=$(ldd "$1")
if grep -q 'not found' <<<"$libraries"; then
  echo "runtime_packages: $1 needs libraries that are not installed here:" >&2
  grep 'not found' <<<"$libraries" >&2
  exit 1
fi

# The loader sees every library below /lib, which is a link to /usr/lib; dpkg knows the path in the package.
while read -r path; do
  owner=$(dpkg-query --search "$path" 2>/dev/null || dpkg-query --search "/usr$path" 2>/dev/null) || {
    echo "runtime_packages: $path is of no package" >&2
    exit 1
  }
  echo "${owner%%:*}"
done < <(sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' <<<"$libraries") | sort -u
