/// The scripts by which shells complete linkworker's command lines. They hold no table: they ask the program that is being typed.
enum CompletionScript: String, Sendable, CaseIterable {
  case bash, zsh

  /// The script.
  var text: String {
    switch self {
    case .bash: Self.bashText
    case .zsh: Self.zshText
    }
  }

  private static let bashText = #"""
    # bash completion for linkworker. It asks the program, and so fits the version that is installed.
    # To load it now: eval "$(linkworker completion bash)"

    _linkworker() {
      local rest=${COMP_LINE:0:COMP_POINT} program kept= gap word part break index kind text meaning
      local -a words=()
      COMPREPLY=()

      # readline parts words at = and : as well; the program is asked with whole ones.
      for ((index = 0; index <= COMP_CWORD; index++)); do
        gap=${rest%%[![:space:]]*}
        rest=${rest#"$gap"}
        word=$rest
        ((index < COMP_CWORD)) && word=${COMP_WORDS[index]}
        rest=${rest#"$word"}
        if ((${#words[@]} > 0)) && [[ -z $gap ]]; then words[-1]+=$word; else words+=("$word"); fi
      done

      if ((${#words[@]} > 2)) && [[ ${words[-2]} == *[\<\>] ]]; then
        compopt -o default
        return
      fi

      # What readline keeps before the part that it replaces; of a quoted word, nothing.
      word=${words[-1]}
      for break in = :; do
        if [[ $word != [\"\']* && $COMP_WORDBREAKS == *$break* && $word == *$break* ]]; then
          part=${word%"${word##*"$break"}"}
          ((${#part} > ${#kept})) && kept=$part
        fi
      done

      program=${words[0]}
      [[ $program == '~/'* ]] && program=$HOME/${program:2}
      [[ -n $(type -P -- "$program") ]] || program=linkworker
      while IFS=$'\t' read -r kind text meaning; do
        case $kind in
          word) COMPREPLY+=("${text#"$kept"}") ;;
          part) COMPREPLY+=("${text#"$kept"}") && compopt -o nospace ;;
          files) compopt -o default ;;
          directories) compopt -o filenames -o dirnames ;;
        esac
      done < <("$program" __complete "${words[@]:1}" 2>/dev/null)
    }

    complete -F _linkworker linkworker
    """#

  private static let zshText = #"""
    #compdef linkworker
    # zsh completion for linkworker. It asks the program, and so fits the version that is installed.
    # To load it now, after compinit: eval "$(linkworker completion zsh)"

    _linkworker() {
      local program=${(Q)words[1]} line kind text meaning
      local -a fields whole parts
      local -i ret=1

      [[ $program == '~/'* ]] && program=$HOME/${program#'~/'}
      (( $+commands[$program] )) || [[ $program == */* && -x $program ]] || program=linkworker
      for line in "${(@f)$("$program" __complete "${(@)words[2,CURRENT-1]}" "$QIPREFIX$IPREFIX$PREFIX" 2>/dev/null)}"; do
        fields=("${(@ps:\t:)line}")
        kind=$fields[1] text=$fields[2] meaning=$fields[3]
        case $kind in
          word) whole+=("${text//:/\\:}${meaning:+:$meaning}") ;;
          part) parts+=("${text//:/\\:}${meaning:+:$meaning}") ;;
          files) [[ -z $text ]] || compset -P "${(b)text}"; _files && ret=0 ;;
          directories) [[ -z $text ]] || compset -P "${(b)text}"; _files -/ && ret=0 ;;
        esac
      done
      if (( $#whole + $#parts )); then
        _describe -t arguments linkworker whole -- parts -S '' && ret=0
      fi
      return ret
    }

    if [[ $funcstack[1] == _linkworker ]]; then _linkworker "$@"; else compdef _linkworker linkworker; fi
    """#
}
