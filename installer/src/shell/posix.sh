# Tollgate: its shims first on PATH, whatever was done to PATH before. No program
# is started here, and nothing fails: a daemon that is down never breaks a login.
__tollgate_first() {
  __tollgate_path=":${PATH-}:"
  while :; do
    case $__tollgate_path in
      *":$1:"*) __tollgate_path="${__tollgate_path%%":$1:"*}:${__tollgate_path#*":$1:"}" ;;
      *) break ;;
    esac
  done
  __tollgate_path=${__tollgate_path#:}
  __tollgate_path=${__tollgate_path%:}
  PATH=$1${__tollgate_path:+:$__tollgate_path}
  unset __tollgate_path
}
__tollgate_shims() {
  __tollgate_first @SHIMS@
  if [ -n "${TOLLGATE_SHIMS-}" ] && [ -L "$TOLLGATE_SHIMS/.gate" ]; then
    __tollgate_first "$TOLLGATE_SHIMS"
  fi
}
__tollgate_shims
export PATH
# Every bash that runs a script or -c reads this; a session has its own.
if [ -z "${TOLLGATE_SESSION-}" ] || [ -z "${BASH_ENV-}" ]; then
  if [ -n "${BASH_ENV-}" ] && [ "$BASH_ENV" != @BASH_ENV@ ]; then
    TOLLGATE_BASH_ENV=$BASH_ENV
    export TOLLGATE_BASH_ENV
  fi
  BASH_ENV=@BASH_ENV@
  export BASH_ENV
fi
