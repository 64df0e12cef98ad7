# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # the table stands above, in what is installed

# A name is data of whoever made the domain: it must never be expanded as shell code.

# Names in JSON of hotballoon, one a line. There a line is a key and its value, and
# a quotation mark or backslash in a name has a backslash before it.
_hotballoon_names()
{
	LC_ALL=C sed -n 's/^ *"name": "\(.*\)",\{0,1\}$/\1/; t name
		b
		: name
		s/\\\(["\\]\)/\1/g; p'
}

# Names of the domains; nothing where the host cannot be asked.
_hotballoon_domains()
{
	hotballoon list --json 2>/dev/null | _hotballoon_names
}

# Those that memory is set aside for.
_hotballoon_reserved()
{
	hotballoon reserve --json 2>/dev/null | _hotballoon_names
}

# _hotballoon_reply CURRENT WORDS...: the words that begin as CURRENT, quoted for the
# shell. What is typed may be quoted already, as this does it.
_hotballoon_reply()
{
	local current=$1 word quoted
	shift
	for word; do
		printf -v quoted %q "$word"
		[[ $word != "$current"* && $quoted != "$current"* ]] || COMPREPLY+=("$quoted")
	done
}

_hotballoon()
{
	local current=${COMP_WORDS[COMP_CWORD]} command='' operands=() i IFS=$' \t\n'
	local -a takes words=()

	COMPREPLY=()
	# The value of an option, which bash splits at the equals sign.
	if [[ $current == '=' ]]; then
		_hotballoon_value '' "${COMP_WORDS[COMP_CWORD - 1]}"
		return 0
	elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == '=' ]]; then
		_hotballoon_value "$current" "${COMP_WORDS[COMP_CWORD - 2]}"
		return 0
	fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		# What follows is for xl, or whatever one likes.
		--) return 0 ;;
		-*) ;;
		'=') i=$((i + 1)) ;;
		*)
			if [[ -z $command ]]; then command=${COMP_WORDS[i]}; else operands+=("${COMP_WORDS[i]}"); fi
			;;
		esac
	done
	if [[ -z $command ]]; then
		read -ra words <<<"$_hotballoon_commands --help --version -h -V"
	else
		mapfile -t takes < <(_hotballoon_takes "$command" | tr -s ' ' '\n' | sed '/^$/d')
		if [[ $current == -* ]]; then
			words=("${takes[@]}")
		else
			mapfile -t words < <(_hotballoon_operand "${#operands[@]}" "${takes[@]}")
		fi
	fi
	_hotballoon_reply "$current" "${words[@]}"
	[[ ${COMPREPLY[0]:-} != *= ]] || compopt -o nospace 2>/dev/null
}

# _hotballoon_value CURRENT OPTION: memory can be set aside for a domain that there is, too.
_hotballoon_value()
{
	local words=()
	mapfile -t words < <(_hotballoon_values "$2" | tr -s ' ' '\n')
	if [[ ${words[0]:-} == NAME ]]; then
		mapfile -t words < <(_hotballoon_domains)
	fi
	_hotballoon_reply "$1" "${words[@]}"
}

# _hotballoon_operand NUMBER OPERANDS...: what the operand after NUMBER others can be. One
# that ends in dots can stand there again and again, and is what is typed most.
_hotballoon_operand()
{
	local number=$1 operand
	shift
	while [[ $number -gt 0 && $# -gt 0 && $1 != -* && $1 != *... ]]; do
		shift
		number=$((number - 1))
	done
	operand=${1:-}
	case ${operand//[^A-Z]/} in
	DOM) _hotballoon_domains ;;
	NAME) _hotballoon_reserved ;;
	CONFIG) compgen -f -- "$current" ;;
	COMMAND) tr ' ' '\n' <<<"$_hotballoon_commands" ;;
	esac
}

complete -F _hotballoon hotballoon
