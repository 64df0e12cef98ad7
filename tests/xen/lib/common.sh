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

# proxies: those of the environment, NAME=VALUE, a line each.
proxies() {
	local name
	for name in http_proxy https_proxy ftp_proxy no_proxy; do
		[ -z "${!name:-}" ] || echo "$name=${!name}"
	done
}

# run_as_root [OPTION...]: the lab, by root, who alone can make whole systems; ends with its
# status.  In the background, so that a signal to us reaches it; Ctrl-C does by itself.
run_as_root() {
	local pid status=0 environment=()
	command -v sudo >/dev/null || die "not root and no sudo: run as root: $LAB_NAME $*"
	mkdir -p "$LAB_DIR"
	mapfile -t environment < <(proxies)
	[ -z "${HOTBALLOON_MIRROR:-}" ] || environment+=("HOTBALLOON_MIRROR=$HOTBALLOON_MIRROR")
	trap give_back EXIT
	sudo env --default-signal=INT,QUIT HOTBALLOON_CACHE="$CACHE" "${environment[@]}" \
		"$XEN_TESTS/lab" "$@" <&0 &
	pid=$!
	# shellcheck disable=SC2064 # the process of now
	trap "wait $pid || true; exit 130" INT
	# shellcheck disable=SC2064
	trap "sudo sh -c 'kill $pid' || true; wait $pid || true; exit 143" TERM HUP
	wait $pid || status=$?
	exit $status
}

# give_back: what root left is ours, but for whole systems, and what another lab is making now.
give_back() {
	local us
	us=$(id -u):$(id -g)
	trap '' INT TERM HUP
	sudo chown -hR "$us" "$LAB_DIR"
	sudo find "$CACHE" -mindepth 1 -maxdepth 1 ! -name 'debian-*' ! -name 'dom0-*' ! -name tmp \
		-exec chown -hR "$us" {} +
	sudo flock -n "$CACHE/lock" chown -hR "$us" "$CACHE/tmp" || true
}
