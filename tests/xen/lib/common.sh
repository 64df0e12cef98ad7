# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034 # opt_* and others are shared with the other files of lab
#
# common.sh: messages, phases and exit statuses of the lab.
#
# Model: the lab is a pipeline of phases (dependencies, cache, initramfs, boot,
# script).  Each prints one line with its seconds when it took noticeable time.
# Everything that is not a script's own output goes to standard error, so that
# `lab run` can be piped.  Functions return non-zero and the caller decides;
# only `die` and `usage_error` leave the program.

readonly EXIT_USAGE=2 EXIT_TIMEOUT=124 EXIT_LAB=125

say() { printf 'lab: %s\n' "$*" >&2; }

# die MESSAGE...: the lab itself cannot go on (exit status 125).
die() {
	say "$*"
	exit "$EXIT_LAB"
}

usage_error() {
	say "$*"
	say "try: $LAB_NAME --help"
	exit "$EXIT_USAGE"
}

# Milliseconds since some fixed point; EPOCHREALTIME's separator depends on the locale.
now_ms() {
	local t=${EPOCHREALTIME/[.,]/}
	echo $((t / 1000))
}

# phase TEXT START_MS: "TEXT in 1.2 s"
phase() {
	local ms=$(($(now_ms) - $2))
	say "$(printf '%s in %d.%d s' "$1" $((ms / 1000)) $((ms % 1000 / 100)))"
}

# need_number OPTION VALUE [SUFFIX]: refuse what is no positive decimal number.
need_number() {
	[[ $2 =~ ^[1-9][0-9]{0,6}$ ]] ||
		usage_error "$1 wants a whole number${3:+ of $3}, not '$2'"
}

# as_root COMMAND...: run it as root, with sudo where needed.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		say "not root and no sudo: run as root: $*"
		return 1
	fi
}
