#!/bin/bash
# with-jack.sh command...
# Runs a command beside a private JACK server whose driver is a dummy that asks for 128 frames every
# 2.7 ms, as a good sound card would: live sound on a machine without one. Needs jackd2 and
# libportaudio2. Exit status: the command's; 97 when JACK doesn't start.
set -u
[ $# -gt 0 ] || { sed -n 2,5p "$0" >&2; exit 2; }
tmp=$(mktemp -d "${TMPDIR:-/tmp}/jack.XXXXXX")
export JACK_DEFAULT_SERVER="biofeedback-$$" JACK_NO_AUDIO_RESERVATION=1 JACK_NO_START_SERVER=1
priority=(--no-realtime)
chrt --fifo 70 true 2>/dev/null && priority=(--realtime --realtime-priority 70)
jackd --name "$JACK_DEFAULT_SERVER" "${priority[@]}" -d dummy --rate 48000 --period 128 \
    >"$tmp/log" 2>&1 &
jack=$!
trap 'kill $jack 2>/dev/null; wait $jack 2>/dev/null; rm -rf "$tmp"' EXIT
for _ in $(seq 50); do
    jack_lsp -s "$JACK_DEFAULT_SERVER" 2>/dev/null | grep -q playback && break
    kill -0 $jack 2>/dev/null || break
    sleep 0.1
done
jack_lsp -s "$JACK_DEFAULT_SERVER" 2>/dev/null | grep -q playback \
    || { echo "JACK did not start" >&2; cat "$tmp/log" >&2; exit 97; }
"$@"
