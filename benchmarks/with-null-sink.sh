#!/bin/bash
# with-null-sink.sh command...
# Runs a command with a private PulseAudio whose only output is a null sink, and ALSA's default routed
# to it: live sound on a machine without a sound card. Needs pulseaudio, pulseaudio-utils,
# libasound2-plugins and libportaudio2. Exit status: the command's; 97 when PulseAudio doesn't start.
set -u
[ $# -gt 0 ] || { sed -n 2,5p "$0" >&2; exit 2; }
tmp=$(mktemp -d "${TMPDIR:-/tmp}/null-sink.XXXXXX")
export PULSE_RUNTIME_PATH="$tmp/run" PULSE_STATE_PATH="$tmp/state" PULSE_COOKIE="$tmp/cookie"
export XDG_RUNTIME_DIR="$tmp" PULSE_SERVER="unix:$tmp/native" JACK_NO_START_SERVER=1
export ALSA_CONFIG_PATH="$tmp/asound.conf"
mkdir -p "$tmp/run" "$tmp/state"
cat > "$tmp/pulse.pa" <<P
load-module module-null-sink sink_name=silent rate=48000 channels=2 format=float32le norewinds=1
load-module module-native-protocol-unix socket=$tmp/native auth-anonymous=1
set-default-sink silent
set-default-source silent.monitor
P
# Only this device: the full alsa.conf makes PortAudio probe dozens of absent cards.
printf '%s\n' 'pcm.default { type pulse }' 'ctl.default { type pulse }' 'pcm.pulse { type pulse }' \
    > "$tmp/asound.conf"
pulseaudio -n -F "$tmp/pulse.pa" --daemonize=no --exit-idle-time=-1 --disallow-exit=yes \
    --use-pid-file=no --high-priority=yes --realtime=yes --log-target=file:"$tmp/log" 2>/dev/null &
pulse=$!
trap 'kill $pulse 2>/dev/null; wait $pulse 2>/dev/null; rm -rf "$tmp"' EXIT
for _ in $(seq 50); do
    pactl info >/dev/null 2>&1 && break
    kill -0 $pulse 2>/dev/null || break
    sleep 0.1
done
pactl info >/dev/null 2>&1 || { echo "PulseAudio did not start" >&2; cat "$tmp/log" >&2; exit 97; }
"$@"
