#!/usr/bin/env bash
# How call.flac was made: our own lines, spoken by Debian's flite, joined by Debian's sox.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

line() { # number, voice, pitch and pace, text
  flite -voice "$2" --setf duration_stretch="$3" --setf int_f0_target_mean="$4" -t "$5" -o "$work/say-$1.wav"
  sox "$work/say-$1.wav" "$work/$1.wav" pad 0 0.9
}
line 1 slt 1.00 180 "Good morning. I have been waiting for your call all week."
line 2 awb 1.10 105 "I am sorry. I did not know how to tell you."
line 3 slt 1.05 185 "Tell me what? Did they say no?"
line 4 awb 0.95 125 "They said yes. The whole team stayed until midnight, and everything worked."
line 5 slt 0.85 225 "We did it! I can not believe it. This is the best news of the year."
line 6 awb 1.25 95 "I am so happy for you. And now I am going to bed, because I am very tired."
sox "$work"/[1-6].wav -r 16000 -c 1 -b 16 call.flac norm -3
