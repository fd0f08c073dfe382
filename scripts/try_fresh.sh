#!/usr/bin/env bash
# Tries the project on a fresh Debian 12: a minimal system in a folder, a clone of the last commit, each target twice.
#   try_fresh.sh FOLDER [TARGET...]      targets of make; default: demo test
# Needs root and debootstrap. FOLDER is made if it is not there and keeps what was installed in it; remove it for a
# machine with nothing. The network settings of this machine (resolver, certificates, proxies) are taken along, and a
# mirror of Debian's in MI2_DEBIAN_MIRROR.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(realpath -m "${1:?usage: try_fresh.sh FOLDER [TARGET...]}")
shift
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(demo test)

[[ $(id -u) -eq 0 ]] || { echo "try_fresh: needs root" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "try_fresh: needs debootstrap (apt-get install debootstrap)" >&2; exit 1; }

# While debootstrap is at work, its own folder is there: a run that was stopped goes on.
if [[ ! -x $folder/usr/bin/apt-get || -d $folder/debootstrap ]]; then
  debootstrap --variant=minbase bookworm "$folder" ${MI2_DEBIAN_MIRROR:+"$MI2_DEBIAN_MIRROR"}
fi
cp --remove-destination "$(realpath /etc/resolv.conf)" "$folder/etc/resolv.conf"
# Debian's installer writes this file; debootstrap leaves it to whoever calls it.
[[ -s $folder/etc/hosts ]] || echo '127.0.0.1 localhost' >"$folder/etc/hosts"
mkdir -p "$folder/usr/local/share/ca-certificates"
cp /usr/local/share/ca-certificates/*.crt "$folder/usr/local/share/ca-certificates/" 2>/dev/null || true
[[ ! -f /etc/pip.conf ]] || cp /etc/pip.conf "$folder/etc/pip.conf"
mapfile -t apt_settings < <(grep -ls '^Acquire::' /etc/apt/apt.conf.d/* || true)
[[ ${#apt_settings[@]} -eq 0 ]] || cp "${apt_settings[@]}" "$folder/etc/apt/apt.conf.d/"

rm -rf "$folder/srv/mi2"
git clone --quiet --no-hardlinks . "$folder/srv/mi2"

settings=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8)
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY PIP_CERT PIP_INDEX_URL PIP_DEFAULT_TIMEOUT \
  MI2_FUZZ_SECONDS MI2_SKIP_FULL MI2_WITH_TORCH; do
  [[ -z ${!name:-} ]] || settings+=("$name=${!name}")
done

# The mounts live in a namespace of their own and go with it. The folder is one of them: ip netns needs a root that is.
in_folder() {
  unshare --mount bash -c '
    set -e
    mount --rbind "$1" "$1"
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    mount --rbind /sys "$1/sys"
    folder=$1
    shift
    exec chroot "$folder" /usr/bin/env -i "$@"' _ "$folder" "${settings[@]}" "$@"
}

in_folder sh -c 'command -v make >/dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq make; } >/dev/null'
for target in "${targets[@]}"; do
  for round in first second; do
    start=$SECONDS
    in_folder make -C /srv/mi2 "$target"
    echo "try_fresh: make $target, $round time: $((SECONDS - start)) s"
  done
done
