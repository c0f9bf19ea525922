#!/usr/bin/env bash
# Every call of an installation with grpcurl, against a server that writes its mails into files.
set -euo pipefail

server=${SERVER:-127.0.0.1:50051}
mails=${MAILS:-data/mail}
email=${EMAIL:-jeanne@exemple.fr}
password='quatre bateaux verts dansent'
caisse1='{"id": "0d4b1a55-5a0e-4a0c-9f43-6f0f4a3a9f10", "name": "Caisse 1"}'
caisse2='{"id": "7f0c7d3e-6a57-4a9b-8a53-3f1d1f0f7a11", "name": "Caisse 2"}'

# What the server understands: from the proto files, or, with a support key, by reflection, which
# also shows the details of errors in clear.
if [ -n "${SUPPORT_KEY:-}" ]; then
    schema=(-reflect-header "authorization: Bearer $SUPPORT_KEY")
else
    schema=(-import-path "$(cd "$(dirname "$0")/../proto" && pwd)"
        -proto gestan/account/v1/account_service.proto
        -proto gestan/account/v1/reference_service.proto)
fi

# call RPC JSON [grpcurl options]: shows and keeps the answer.
call() {
    local service=${service:-AccountService}
    answer=$("${GRPCURL:-grpcurl}" -plaintext "${schema[@]}" -d "$2" "${@:3}" \
        "$server" "gestan.account.v1.$service/$1") || return
    echo "$1 $answer"
}
# field NAME: a field of the last answer.
field() { sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\).*/\1/p" <<<"$answer" | head -n 1; }
# new_id: a UUID for one request.
new_id() { python3 -c 'import uuid; print(uuid.uuid4())'; }
# last_code: the personal code in the newest mail that has one.
last_code() {
    { ls -tr "$mails"/*.eml | xargs grep -hoE '\b([0-9A-Z]{4}-){2}[0-9A-Z]{4}\b' | tail -n 1; } \
        2>/dev/null || true
}
# wait_for_code [WHY]: waits for a new one, and keeps it in $code. A mail may take the minute that
# an address waits between two; longer than two, and the server puts its mails elsewhere.
wait_for_code() {
    echo "Waiting for the code, which comes as a file in $mails${1:+ ($1)}..." >&2
    for ((tenths = 0; tenths < ${PATIENCE:-130} * 10; tenths++)); do
        if [ "$(last_code)" != "$code" ]; then
            code=$(last_code)
            return
        fi
        sleep 0.1
    done
    echo "No mail with a new code has come into $mails. Does the server at $server write its mails" \
        "into files, and was it started in this folder? MAILS names another one." >&2
    exit 1
}
code=$(last_code)

# What the window shows first, and what its search buttons find.
service=ReferenceService call GetPrivacyNotice '{"locale": "fr-FR"}'
service=ReferenceService call ListCountries '{"locale": "fr-FR"}'
service=ReferenceService call SearchApeCodes '{"query": "fleuriste", "page_size": 3}'

# Caisse 1 opens the account: address, code from the mail, password.
call Create "{\"request_id\": \"$(new_id)\", \"email\": \"$email\", \"machine\": $caisse1}"
wait_for_code
call Confirm "{\"challenge_id\": \"$(field challengeId)\", \"code\": \"$code\"}"
id=$(field accountId)
call SetPassword "{\"ticket\": \"$(field ticket)\", \"new_password\": \"$password\"}"
token1="authorization: Bearer $(field linkToken)"

# Caisse 2 joins it with the client ID and the password.
call RegisterExisting "{\"account_id\": $id, \"secret\": \"$password\", \"machine\": $caisse2}"
token2="authorization: Bearer $(field linkToken)"

# Caisse 1 fills in the form, and Caisse 2 reads it.
call Update "{\"account\": {\"city\": \"Lille\", \"postal_code\": \"59000\"},
    \"password\": \"$password\"}" -rpc-header "$token1"
call Get '{}' -rpc-header "$token2"

# It looks what of the support time that was bought is left.
call ListTimeEntries '{}' -rpc-header "$token2"

# Caisse 2 leaves. Its token is dead, and the error says so in its details.
call Unlink '{}' -rpc-header "$token2"
if call Get '{}' -rpc-header "$token2"; then exit 1; fi

# The password is forgotten: a code is mailed, but an address gets no more than a mail a minute.
call ResendPassword "{\"request_id\": \"$(new_id)\", \"account_id\": $id, \"machine\": $caisse2}"
wait_for_code "up to a minute after the one before"
echo "The code that was mailed: $code"
