# First again before every prompt: version managers change PATH there, too.
case $- in
  *i*)
    __tollgate_prompt() {
      local status=$?
      __tollgate_shims
      return $status
    }
    if [[ "$(declare -p PROMPT_COMMAND 2>/dev/null)" == "declare -a"* ]]; then
      [[ "${PROMPT_COMMAND[*]}" == *__tollgate_prompt* ]] || PROMPT_COMMAND+=(__tollgate_prompt)
    elif [[ "${PROMPT_COMMAND-}" != *__tollgate_prompt* ]]; then
      PROMPT_COMMAND=${PROMPT_COMMAND:+$PROMPT_COMMAND$'\n'}__tollgate_prompt
    fi
    ;;
esac
