# Tollgate: its shims first on PATH, whenever PATH changes. No program is started
# here: a daemon that is down never breaks a login.
function __tollgate_shims --on-variable PATH --on-event fish_prompt
    set -l first @SHIMS@
    if set -q TOLLGATE_SHIMS; and test -n "$TOLLGATE_SHIMS"; and test -L "$TOLLGATE_SHIMS/.gate"
        set first $TOLLGATE_SHIMS $first
    end
    set -l wanted $first
    for folder in $PATH
        contains -- $folder $first; or set -a wanted $folder
    end
    set -l now (string join : -- $PATH)
    set -l then (string join : -- $wanted)
    test "$now" = "$then"; or set -gx PATH $wanted
end
__tollgate_shims
# Every bash that runs a script or -c reads this; a session has its own.
if not set -q TOLLGATE_SESSION; or not set -q BASH_ENV
    if set -q BASH_ENV; and test -n "$BASH_ENV"; and test "$BASH_ENV" != @BASH_ENV@
        set -gx TOLLGATE_BASH_ENV $BASH_ENV
    end
    set -gx BASH_ENV @BASH_ENV@
end
