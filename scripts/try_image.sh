#!/usr/bin/env bash
# Builds deploy/container/Containerfile as podman or docker would, from a clone of the last commit, and runs the image.
#   try_image.sh FOLDER
# buildah takes the steps one by one, each in a chroot, so that no container engine need run here. The base image comes
# from its registry or, where that cannot be reached, from a bare Debian that debootstrap makes in FOLDER/bookworm. Then
# the image's own command runs as its user, on a read-only root file system with the starter model at /models, until the
# image's health check passes; SIGTERM has to end it with status 0.
# Needs root, buildah, debootstrap, a network, 8 GB, and that nothing else answers at the image's port. FOLDER keeps the
# bare Debian and the logs (build.log, serve.log). The network settings of this machine are taken along, and a mirror of
# Debian's in MI2_DEBIAN_MIRROR. The image, which may hold such settings, is removed at the end.
# Status: 0; 1, something failed or is missing; 2, the arguments.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/chroot.sh

[[ $# -eq 1 && $1 != -* ]] || { echo "usage: try_image.sh FOLDER" >&2; exit 2; }
folder=$(realpath -m "$1")
chroot_need buildah debootstrap git python3
work=$folder/image.try
mkdir -p "$folder"

containerfile=deploy/container/Containerfile
base=$(sed -n 's/^FROM \([^ ]*\).*/\1/p' "$containerfile" | sort -u)
[[ $base == debian:12-slim ]] || {
  echo "try_image: $containerfile: expected debian:12-slim as its only base, found $base" >&2
  exit 1
}
image=localhost/mi2-trial
server=

# Images and containers of this trial alone, apart from the machine's own.
storage=("--root=$work/storage" "--runroot=$work/runroot" --storage-driver=vfs)
in_storage() { buildah "${storage[@]}" "$@"; }

clean() {
  if [[ -n $server ]]; then kill -KILL "$server" 2>/dev/null || true; fi
  if [[ -d $work/storage ]]; then in_storage rm --all >/dev/null 2>&1 || true; fi
  chroot_remove "$work"
}
clean
trap clean EXIT
mkdir "$work"

# failed TEXT LOG: ends the script.
failed() {
  tail -n 30 "$2" >&2
  echo "try_image: $1 ($2)" >&2
  exit 1
}

if timeout 300 buildah "${storage[@]}" pull --quiet "$base" >"$folder/pull.log" 2>&1; then
  echo "try_image: $base from its registry"
else
  chroot_make bookworm "$folder/bookworm"
  container=$(in_storage from scratch)
  root=$(in_storage mount "$container")
  cp -a "$folder/bookworm/." "$root/"
  # Each step gets devices of its own.
  find "$root/dev" -mindepth 1 -delete
  # Debian's image has it too.
  in_storage config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  in_storage commit --quiet "$container" "localhost/$base" >/dev/null
  in_storage rm "$container" >/dev/null
  echo "try_image: $base made by debootstrap: its registry could not be reached ($folder/pull.log)"
fi

git clone --quiet --no-hardlinks . "$work/source"
settings=()
while read -r file; do settings+=(--volume "$file:$file:ro"); done < <(chroot_settings_files)
start=$SECONDS
in_storage bud --pull=never --isolation chroot --network host --format docker "${settings[@]}" --tag "$image" \
  --file "$work/source/$containerfile" "$work/source" >"$folder/build.log" 2>&1 </dev/null ||
  failed "the image could not be built" "$folder/build.log"
echo "try_image: built in $((SECONDS - start)) s"

in_storage inspect --type image "$image" >"$work/image.json"
# configured KEY...: strings of the image's configuration, each ended by a zero byte.
configured() {
  python3 - "$work/image.json" "$@" <<'PYTHON'
import json
import sys

value = json.load(open(sys.argv[1], encoding="utf-8"))["Docker"]["config"]
for key in sys.argv[2:]:
    value = value[key]
for text in [value] if isinstance(value, str) else value:
    print(text, end="\0")
PYTHON
}
mapfile -d '' -t user < <(configured User)
mapfile -d '' -t environment < <(configured Env)
mapfile -d '' -t entrypoint < <(configured Entrypoint)
mapfile -d '' -t arguments < <(configured Cmd)
mapfile -d '' -t health < <(configured Healthcheck Test)
[[ ${user[*]} =~ ^[1-9][0-9]*:[1-9][0-9]*$ ]] || {
  echo "try_image: expected a USER that is not root, by numbers, found ${user[*]}" >&2
  exit 1
}
[[ ${#entrypoint[@]} -gt 0 && ${health[0]:-} == CMD ]] || {
  echo "try_image: expected an ENTRYPOINT and a HEALTHCHECK with CMD, found ${entrypoint[*]} and ${health[*]}" >&2
  exit 1
}

container=$(in_storage from --pull=never "$image")
root=$(in_storage mount "$container")
echo "try_image: $(($(du -sk "$root" | cut -f 1) * 1024 / 1000000)) MB unpacked"
# What the image sets, and nothing of this machine's.
chroot_environment=("${environment[@]}")
place=(--user "${user[0]}" --read-only --model "$PWD/models/starter" "$root")
ask() { chroot_run "${place[@]}" "${health[@]:1}"; }

version=$(chroot_run "${place[@]}" "${entrypoint[@]}" --version)
echo "try_image: $version"
if ask 2>/dev/null; then echo "try_image: something else answers at the image's port; stop it first" >&2; exit 1; fi

log=$folder/serve.log
start=$SECONDS
chroot_exec "${place[@]}" "${entrypoint[@]}" "${arguments[@]}" >"$log" 2>&1 </dev/null &
server=$!
until ask 2>"$folder/health.log"; do
  kill -0 "$server" 2>/dev/null || failed "the image's command ended" "$log"
  [[ $((SECONDS - start)) -lt 120 ]] || failed "not healthy within 120 s: $(tail -n 1 "$folder/health.log")" "$log"
  sleep 0.5
done
# Had it ended and something else answered, this would be neither there nor of that user.
owner=$(awk '$1 == "Uid:" { print $2 }' "/proc/$server/status") || failed "the image's command ended" "$log"
[[ $owner == "${user[0]%%:*}" ]] || failed "expected a process of user ${user[0]%%:*}, found $owner" "$log"
echo "try_image: healthy after $((SECONDS - start)) s, as user $owner"

kill -TERM "$server"
status=0
wait "$server" || status=$?
server=
[[ $status -eq 0 ]] || failed "SIGTERM: expected status 0, found $status" "$log"
echo "try_image: ended by SIGTERM with status 0"
