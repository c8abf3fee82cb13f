# First again before every prompt: version managers change PATH there, too.
if [[ -o interactive ]]; then
  __tollgate_prompt() { __tollgate_shims; }
  typeset -ga precmd_functions
  precmd_functions=(${precmd_functions:#__tollgate_prompt} __tollgate_prompt)
fi
