#!/usr/bin/env bash
# One life of the package: life.sh FOLDER, which has a first and a second build of it. Runs where
# systemd is the first process and nothing outlives it; check.sh brings it there. The commands are
# those of docs/OPERATIONS.md.
set -euo pipefail
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive
repository=$(cd "$(dirname "$0")/../.." && pwd)
name=gestan-account-server
settings=/etc/$name/config.toml
data=/var/lib/$name

# The commands below a heading of the guide.
told() {
  awk -v heading="### $1" '/^#/ { on = ($0 == heading) } /^```/ { code = on && /sh$/; next } code' \
    "$repository/docs/OPERATIONS.md"
}
# do_as_told HEADING FOLDER
do_as_told() {
  local commands
  commands=$(told "$1")
  test -n "$commands"
  (cd "$2" && bash -euxo pipefail -c "$commands")
}
property() { systemctl show --property "$1" --value "$name"; }
fail() {
  echo "NOT AS IT SHOULD BE: $1" >&2
  systemctl status --no-pager --lines 50 "$name" >&2 || true
  journalctl --no-pager --lines 50 >&2 || true
  exit 1
}
# wait_until WHAT COMMAND…: for a minute at most.
wait_until() {
  for _ in {1..600}; do
    if "${@:2}" >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  fail "$1"
}
# call RPC JSON [grpcurl options]: keeps the answer.
call() {
  answer=$("$repository/tests/.venv/bin/grpcurl" -plaintext -import-path "$repository/proto" \
    -proto gestan/account/v1/account_service.proto -d "$2" "${@:3}" \
    127.0.0.1:50051 "gestan.account.v1.AccountService/$1")
}
field() { sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\).*/\1/p" <<<"$answer" | head -n 1; }
mailed_code() { cat "$data"/mail/*.eml | grep -oE '\b([0-9A-Z]{4}-){2}[0-9A-Z]{4}\b' | head -n 1; }
# completed WORD…: what bash makes of the last word behind the name of the program.
completed() {
  (
    # shellcheck source=/dev/null
    . /usr/share/bash-completion/completions/$name
    COMP_WORDS=("$name" "$@") COMP_CWORD=$#
    "$(complete -p "$name" | grep -oP -- '-F \K\S+')" "$name" "${*: -1}" "${COMP_WORDS[-2]}"
    echo "${COMPREPLY[*]}"
  )
}
is_serving() { [ "$(property ActiveState) $(property StatusText)" = "active serving" ]; }
# For as long as this account is there, no data has been lost.
account_is_there() {
  call Get '{}' -rpc-header "authorization: Bearer $token"
  [ "$(field city)" = Lille ] || fail "the account is another one: $answer"
}

wait_until "systemd does not come up" systemctl is-active basic.target
echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/99check
# It wakes up programs that have nothing to do with this.
rm -f /etc/apt/apt.conf.d/20packagekit

echo "== It is installed, and answers =="
do_as_told Install "$1/first"
is_serving || fail "it does not serve"
# But for what it says of every trial.
if journalctl --no-pager --unit $name | grep -F ' WARN ' | grep -vF ' FOR A TRIAL ONLY'; then
  fail "something is kept from it"
fi
main=$(property MainPID)
[ "$(stat --format %U "/proc/$main")" = $name ] || fail "it runs as another user"
[ "$(stat --format '%U:%G %a' /etc/$name)" = "root:$name 750" ] || fail "the folder of settings"
[ "$(stat --format '%U:%G %a' $data)" = "$name:$name 700" ] || fail "the folder of data"

call Create '{"request_id": "0d4b1a55-5a0e-4a0c-9f43-6f0f4a3a9f10", "email": "jeanne@exemple.fr",
  "machine": {"id": "7f0c7d3e-6a57-4a9b-8a53-3f1d1f0f7a11", "name": "Caisse 1"}}'
wait_until "no code is mailed" mailed_code
call Confirm "{\"challenge_id\": \"$(field challengeId)\", \"code\": \"$(mailed_code)\"}"
call SetPassword "{\"ticket\": \"$(field ticket)\", \"new_password\": \"quatre bateaux verts dansent\"}"
token=$(field linkToken)
call Update '{"account": {"city": "Lille", "postal_code": "59000"},
  "password": "quatre bateaux verts dansent"}' -rpc-header "authorization: Bearer $token"
account_is_there
[ "$(completed supp)" = support-key ] || fail "bash completes no command"
[ "$(completed support-key create --ro)" = --role ] || fail "bash completes no flag of a command"

echo "== Its settings are changed =="
echo 'log = "debug"' >>$settings
changed=$(sha256sum $settings)
do_as_told "First start" /
[ "$(property MainPID)" != "$main" ] || fail "it has not been started anew"
is_serving || fail "it does not serve"
account_is_there
main=$(property MainPID)
systemctl reload $name
[ "$(property MainPID)" = "$main" ] || fail "a reload has ended it"
account_is_there

echo "== One that stands still is started anew by the watchdog =="
mkdir -p /run/systemd/system/$name.service.d
printf '[Service]\nWatchdogSec=5\n' >/run/systemd/system/$name.service.d/check.conf
systemctl daemon-reload
systemctl restart $name
main=$(property MainPID)
kill -STOP "$main"
# Asked once: between two questions it may have gone from the old process to none.
is_another() {
  local now
  now=$(property MainPID)
  [ "$now" != 0 ] && [ "$now" != "$main" ]
}
wait_until "the watchdog does nothing" is_another
[ "$(property NRestarts)" = 1 ] || fail "it was not the watchdog"
wait_until "it does not serve" is_serving
account_is_there
rm -r /run/systemd/system/$name.service.d
systemctl daemon-reload

echo "== A wrong setting ends it once and for all, with the reason =="
cp $settings /root/settings
echo 'lissten = "127.0.0.1:1"' >>$settings
if systemctl restart $name; then fail "it takes what is no setting"; fi
[ "$(property ActiveState) $(property NRestarts)" = "failed 0" ] || fail "it is started again and again"
journalctl --no-pager --unit $name | grep -q lissten || fail "the reason is not told"
cat /root/settings >$settings
systemctl restart $name

echo "== It is upgraded, with its data and its settings =="
main=$(property MainPID)
do_as_told Upgrade "$1/second"
[ "$(dpkg-query --show --showformat '${Version}' $name)" = 999.0.0-1 ] || fail "the old version"
is_another || fail "the old program runs"
is_serving || fail "it does not serve"
[ "$(sha256sum $settings)" = "$changed" ] || fail "the settings have been changed"
account_is_there

echo "== It is removed and purged; the accounts stay =="
do_as_told Remove /
if systemctl is-active $name; then fail "it runs"; fi
[ -e $settings ] || fail "the settings are gone before a purge"
[ ! -e /usr/bin/$name ] || fail "the program is still there"
do_as_told Purge /
[ ! -e /etc/$name ] || fail "settings are left"
[ -e $data/gestan-account.sqlite ] || fail "the accounts are gone"

echo "== Installed again, it has them =="
do_as_told Install "$1/first"
account_is_there
