#!/bin/sh
# What provlabel does, in one minute, on real files. Run by `make demo`; leaves its files in .demo/.
set -eu

rm -rf .demo
export XDG_CONFIG_HOME="$PWD/.demo/config"  # the throw-away credential goes with the demo
export XDG_CACHE_HOME="$PWD/.demo/cache"
export PROVLABEL_SIGNER=test

bold() { if [ -t 1 ]; then printf "\n\033[1m$ provlabel %s\033[0m\n" "$*"; else printf "\n$ provlabel %s\n" "$*"; fi; }

run() {
    bold "$@"
    provlabel "$@"
}

echo "1. A picture and a tune, in five formats, none of them labeled."
run samples .demo/files

echo
echo "2. Label them: made by AI, by which system, whose, when. The content is not touched."
run label .demo/files/cover.jpg .demo/files/still.png .demo/files/take.wav .demo/files/take.mp3 .demo/files/take.flac \
    --kind ai_generated --system AcmeSynth@2.1 --provider "Acme Audio Ltd" --event-time now --out-dir .demo/labeled

echo
echo "3. Verify them, trusting the throw-away test root."
run verify .demo/labeled --trust test

echo
echo "4. The MP3 that was made from the WAV: its history comes along."
run label .demo/files/take.mp3 --kind ai_generated --system AcmeSynth@2.1 --parent .demo/labeled/take.wav \
    -o .demo/from-wav.mp3
run show .demo/from-wav.mp3 --trust test

echo
echo "5. Change one byte of the picture, and it is refused."
cp .demo/labeled/cover.jpg .demo/changed.jpg
size=$(wc -c < .demo/changed.jpg)
printf 'X' | dd of=.demo/changed.jpg bs=1 seek=$((size - 500)) conv=notrunc 2> /dev/null
if run verify .demo/changed.jpg --trust test; then
    echo "a changed file passed; this must never happen" >&2
    exit 1
fi

echo
echo "6. A gate over a folder, with an unlabeled picture in it; and the same as a page for people."
mkdir .demo/release
cp .demo/labeled/cover.jpg .demo/labeled/take.wav .demo/from-wav.mp3 .demo/files/still.png .demo/release/
if run verify .demo/release --trust test --format markdown --format html=.demo/report.html; then
    echo "an unlabeled picture passed; this must never happen" >&2
    exit 1
fi
echo "Open .demo/report.html in a browser."

echo
echo "That is all. The files are in .demo/; the next steps are in README.md."
