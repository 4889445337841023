#!/usr/bin/env bash
# The hooks and the action as their users get them: installed by pre-commit and by pip from a clone of what is
# committed here, with the package registry. Run by `make hooks`; what needs no registry is in tests/docs/test_ci.py.
set -euo pipefail

here="$(cd "$(dirname "$0")/../.." && pwd)"
bin="$here/.venv/bin"
[ -x "$bin/python" ] || bin="$(dirname "$(command -v python)")"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
unset PYTHONPATH  # or the hooks would find this checkout, and not what was installed for them
export HOME="$work/home" PRE_COMMIT_HOME="$work/pre-commit"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=Test GIT_AUTHOR_EMAIL=test@example.invalid GIT_COMMITTER_NAME=Test GIT_COMMITTER_EMAIL=test@example.invalid
mkdir "$HOME"

fail() {
    echo "hooks: $*" >&2
    cat "$work/said" >&2
    exit 1
}

# Try to commit FILE: `blocked HOOK FILE` by that hook, or `passes FILE`.
try() {
    git add -A
    git commit -m "$1" > "$work/said" 2>&1
}
blocked() {
    cp "$2" "new file.${2##*.}"
    if try "$2"; then fail "$2 was committed, and $1 should have stopped it"; fi
    grep -q "hook id: $1" "$work/said" || fail "it was not $1 that stopped $2"
    git rm -q -f "new file.${2##*.}"
    echo "hooks: $1 stops $(basename "$2")"
}
passes() {
    cp "$1" .
    try "$1" || fail "$1 was stopped"
    echo "hooks: $(basename "$1") passes"
}

git clone -q "$here" "$work/clone"
revision="$(git -C "$work/clone" rev-parse HEAD)"
media="$here/samples/media"
mkdir "$work/media"
"$bin/python" -m provlabel key init "$work/key" > /dev/null
"$bin/python" -m provlabel label "$media/cover.jpg" --kind ai_generated -q -o "$work/media/labeled.jpg" \
    --signer "file:$work/key/key.pem?chain=$work/key/chain.pem" 2> /dev/null
cp "$media/take.mp3" "$work/media/unlabeled.mp3"
cp "$work/media/labeled.jpg" "$work/media/altered.jpg"
printf X | dd of="$work/media/altered.jpg" bs=1 seek=$(($(wc -c < "$work/media/altered.jpg") - 500)) conv=notrunc 2> /dev/null

git init -q -b main "$work/repository"
cd "$work/repository"
cp "$work/key/root.pem" .
hook() {
    cat > .pre-commit-config.yaml << END
repos:
  - repo: $work/clone
    rev: $revision
    hooks:
      - $1
END
    "$bin/python" -m pre_commit install --install-hooks > "$work/said" 2>&1 || fail "pre-commit could not install $1"
    try "Use another hook" || fail "the configuration itself was stopped"
}

hook "{ id: labeled, args: [--trust, root.pem] }"
blocked labeled "$work/media/unlabeled.mp3"
blocked labeled "$work/media/altered.jpg"
passes "$work/media/labeled.jpg"

hook "{ id: intact }"
blocked intact "$work/media/altered.jpg"
passes "$work/media/unlabeled.mp3"

# What an installed provlabel brings along: the laws are files of the package.
installed="$(find "$PRE_COMMIT_HOME" -path '*/bin/provlabel' | head -n 1)"
"$installed" rules > "$work/said" && grep -q "law.eu.1" "$work/said" || fail "the laws were not installed"
echo "hooks: the laws are installed"

# The action, with its own installation.
cat > "$work/action.py" << END
import sys
from pathlib import Path
from repositories import Repository
from workbench import Job

repository = Repository(Path("$work/job"), Path("$work/home"))
for name, code in (("labeled.jpg", 0), ("altered.jpg", 1)):
    (repository.folder / name).write_bytes(Path("$work/media", name).read_bytes())
    job = Job(repository)
    got = job.action({"python": sys.executable, "paths": name, "trust": "$work/key/root.pem"})
    assert got == code, (got, job.said)
    print(f"hooks: the action ends with {got} for {name}")
END
PYTHONPATH="$here/tests/helpers" "$bin/python" "$work/action.py"
