#!/usr/bin/env bash
# Opens the window "Compte client" on a display that nobody sees, walks through it with the keyboard,
# and takes the pictures of docs/desktop/. It needs Xvfb, xdotool, ImageMagick, optipng and OpenGL in
# software; as root it installs them by apt. Built programs are taken from target/debug.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v Xvfb xdotool import optipng >/dev/null; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get install --quiet --yes --no-install-recommends \
    xvfb xdotool imagemagick optipng libgl1 libegl1 libgl1-mesa-dri libxkbcommon-x11-0 \
    libxcursor1 libxi6 libxrandr2
fi
programs=${CARGO_TARGET_DIR:-$PWD/target}/debug
pictures=$PWD/docs/desktop
home=$(mktemp --directory)
running=()
trap 'kill "${running[@]}" 2>/dev/null || true; rm -rf "$home"' EXIT
mkdir -p "$pictures"

# Waits until a command succeeds, for a minute at most.
until_so() {
  local tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { echo "never: $*" >&2; tail "$home"/*.log >&2; exit 1; }
    sleep 0.2
  done
}

(cd "$home" && exec "$programs/gestan-account-server" serve --listen 127.0.0.1:50087) \
  >"$home/server.log" 2>&1 &
running+=($!)
until_so bash -c '</dev/tcp/127.0.0.1/50087'

export DISPLAY=:87
# Without the flag it begins anew when its last client has gone, and refuses whoever comes meanwhile.
Xvfb "$DISPLAY" -noreset -screen 0 800x700x24 -nolisten tcp >"$home/display.log" 2>&1 &
running+=($!)
until_so xdotool getdisplaygeometry

open_window() {
  LIBGL_ALWAYS_SOFTWARE=1 "$programs/gestan-account-desktop" --server http://127.0.0.1:50087 \
    --store "$home/$1.json" --no-keyring --language "$2" >"$home/window.log" 2>&1 &
  shown=$!
  running+=("$shown")
  until_so xdotool search --onlyvisible --pid "$shown"
  window=$(xdotool search --onlyvisible --pid "$shown" | head -1)
  xdotool windowfocus "$window"
  # The pointer would have the help of a field shown.
  xdotool mousemove 799 699
  settle
}

# Waits until the picture of the window is the same twice.
settle() {
  local before="" now="-" tries=0
  while [ "$before" != "$now" ] && [ "$tries" -lt 50 ]; do
    before=$now
    sleep 0.2
    now=$(import -window "$window" rgb:- | sha256sum)
    tries=$((tries + 1))
  done
}

press() { xdotool key --clearmodifiers "$@"; settle; }
write() { xdotool type --delay 15 -- "$1"; settle; }
picture() {
  import -window "$window" +dither -colors 128 "PNG8:$pictures/$1.png"
  optipng -quiet -o2 "$pictures/$1.png"
}

newest_code() {
  # shellcheck disable=SC2012
  grep -hoE '\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b' "$(ls -t "$home"/data/mail/*.eml | head -1)" |
    head -1
}

open_window first fr
picture choisir
press alt+c
write 'pas une adresse'
press Return
picture adresse
press ctrl+a
write jeanne@exemple.fr
press Return
picture code
until_so newest_code
write "$(newest_code)"
press Return
write 'bonjour123'
picture mot-de-passe
press ctrl+a
write 'quatre bateaux verts dansent'
press Tab
write 'quatre bateaux verts dansent'
press Return
for text in 'Boulangerie Jeanne' Martin Jeanne '12 rue des Fours' 590; do
  write "$text"
  press Tab
done
write Lille
press Return
picture valider
write 'quatre bateaux verts dansent'
press Return
picture fiche-a-corriger
press ctrl+a
write 59000
press Return
press Return
picture fiche
# From the first field to the magnifier of the seventh, and to that of the last.
repeat() { for _ in $(seq "$1"); do press "$2"; done; }
kill "$shown"
open_window first fr
repeat 7 Tab
press space
write fr
picture pays
press Escape
repeat 11 Tab
press space
write fleuriste
press Return
picture ape
press Escape
press alt+d
picture detacher
kill "$shown"
open_window first en
picture fiche-en
kill "$shown"
open_window second fr
press alt+x
picture enregistrer
press Escape
press alt+o
picture code-oublie
kill "$shown"
open_window second en
picture choisir-en
