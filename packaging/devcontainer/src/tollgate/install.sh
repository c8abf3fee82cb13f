#!/bin/sh
# Puts Tollgate into a container: the programs for everybody, the installation for
# the user that the container is used as. As root (as the feature specification
# has it) or as that user. Nothing of it runs as root afterwards.
set -eu

TOOLS=${TOOLS-}
PROFILE=${PROFILE:-careful}
AGENT=${AGENT-}
PROGRAMS=${PROGRAMS-}
NAMES="tollgate tollgated tollgate-shim tollgate-supervisor"

fail() {
    printf 'tollgate: %s\n' "$*" >&2
    exit 1
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
[ "$(uname -s)" = Linux ] || fail "only Linux is supported"

if [ "$(id -u)" = 0 ]; then
    user=${_REMOTE_USER:-${_CONTAINER_USER:-root}}
    folder=/usr/local/lib/tollgate
    links=/usr/local/bin
else
    user=$(id -un)
    folder=$HOME/.local/lib/tollgate
    links=$HOME/.local/bin
fi
id "$user" >/dev/null 2>&1 || fail "there is no user \`$user\` in this image"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
case $PROGRAMS in
    https://*)
        command -v curl >/dev/null || fail "\`curl\` is needed to fetch $PROGRAMS"
        curl -fsSL "$PROGRAMS" | tar -xz -C "$scratch" --strip-components=1
        from=$scratch/bin
        ;;
    '') from=$here/bin ;;
    *) from=$PROGRAMS ;;
esac
for name in $NAMES; do
    [ -x "$from/$name" ] || fail "\`$from/$name\` is not there: give the option \`programs\`"
done

# Staged beside and renamed: a container that runs already never sees half of it.
mkdir -p "$folder" "$links"
for name in $NAMES; do
    cp "$from/$name" "$folder/.$name.new"
    chmod 755 "$folder/.$name.new"
    mv -f "$folder/.$name.new" "$folder/$name"
    ln -sfn "$folder/$name" "$links/$name"
done

set -- install --no-start --profile "$PROFILE"
[ -z "$TOOLS" ] || set -- "$@" --tools "$TOOLS"
if [ "$(id -un)" = "$user" ]; then
    "$folder/tollgate" "$@"
else
    command -v su >/dev/null || fail "\`su\` is needed to install for \`$user\`"
    # Each word quoted for the one string that `su -c` takes.
    line=
    for word in "$folder/tollgate" "$@"; do
        line="$line '$(printf %s "$word" | sed "s/'/'\\\\''/g")'"
    done
    su - "$user" -c "exec $line"
fi
if [ -n "$AGENT" ]; then
    printf 'tollgate: start the agent by `tollgate run --agent %s -- COMMAND`\n' "$AGENT"
fi
