# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # the table stands above, in what is installed

# Names of the domains; nothing where the host cannot be asked.
_hotballoon_domains()
{
	hotballoon list 2>/dev/null | awk '$1 ~ /^[0-9]+$/ { print $2 }'
}

# Those that memory is set aside for.
_hotballoon_reserved()
{
	hotballoon reserve 2>/dev/null | sed -n 's/^[^ ]* for \(.*\), until .*/\1/p'
}

_hotballoon()
{
	local current=${COMP_WORDS[COMP_CWORD]} command='' operands=() i words='' IFS=$' \t\n'
	local -a takes

	COMPREPLY=()
	# The value of an option, which bash splits at the equals sign.
	[[ $current != '=' && ${COMP_WORDS[COMP_CWORD - 1]} != '=' ]] || return 0
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-*) ;;
		'=') i=$((i + 1)) ;;
		*)
			if [[ -z $command ]]; then command=${COMP_WORDS[i]}; else operands+=("${COMP_WORDS[i]}"); fi
			;;
		esac
	done
	if [[ -z $command ]]; then
		words="$_hotballoon_commands --help --version"
	else
		mapfile -t takes < <(_hotballoon_takes "$command" | xargs -n 1)
		if [[ $current == -* ]]; then
			words="${takes[*]}"
		else
			words=$(_hotballoon_operand "${#operands[@]}" "${takes[@]}")
		fi
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
	[[ ${COMPREPLY[0]:-} != *= ]] || compopt -o nospace 2>/dev/null
}

# _hotballoon_operand NUMBER OPERANDS...: what the operand after NUMBER others can be.
_hotballoon_operand()
{
	local number=$1
	shift
	while [[ $number -gt 0 && $# -gt 0 && $1 != -* ]]; do
		shift
		number=$((number - 1))
	done
	case ${1:-} in
	DOM) _hotballoon_domains ;;
	NAME) _hotballoon_reserved ;;
	esac
}

complete -F _hotballoon hotballoon
