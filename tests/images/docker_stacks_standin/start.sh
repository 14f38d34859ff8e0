#!/bin/bash
# Stand-in for the documented behaviour of docker-stacks' start script; see the Dockerfile.
set -euo pipefail

[ $# -gt 0 ] || set -- bash

run_hooks() {
	local hook
	for hook in "$1"/*; do
		[ -e "$hook" ] || continue
		# shellcheck source=/dev/null
		case $hook in
		*.sh) . "$hook" ;;
		*) [ ! -x "$hook" ] || "$hook" ;;
		esac
	done
}

rename_user() {
	if [ "$NB_USER" != jovyan ] && id jovyan >/dev/null 2>&1; then
		usermod --home "/home/$NB_USER" --login "$NB_USER" jovyan
	fi
	if [ "$(id -u "$NB_USER")" != "$NB_UID" ] || [ "$(id -g "$NB_USER")" != "$NB_GID" ]; then
		getent group "$NB_GID" >/dev/null || groupadd --gid "$NB_GID" "$NB_USER"
		userdel "$NB_USER" 2>/dev/null
		useradd --no-log-init --home "/home/$NB_USER" --shell /bin/bash --uid "$NB_UID" --gid "$NB_GID" --groups 100 "$NB_USER"
	fi
}

move_home() {
	if [ "$NB_USER" != jovyan ] && [ ! -e "/home/$NB_USER" ]; then
		cp -a /home/jovyan "/home/$NB_USER"
	fi
	chown "$NB_UID:$NB_GID" "/home/$NB_USER"
	if [ "$PWD" = /home/jovyan ]; then cd "/home/$NB_USER"; fi
}

chown_extra() {
	local folder
	for folder in $(printf '%s' "${CHOWN_EXTRA:-}" | tr ',' ' '); do
		# shellcheck disable=SC2086 # a list of options
		chown ${CHOWN_EXTRA_OPTS:-} "$NB_UID:$NB_GID" "$folder"
	done
}

if [ "$(id -u)" -ne 0 ]; then
	echo "start.sh: running as user $(id -u); NB_USER, NB_UID and NB_GID have no effect" >&2
	run_hooks /usr/local/bin/start-notebook.d
	run_hooks /usr/local/bin/before-notebook.d
	exec "$@"
fi

run_hooks /usr/local/bin/start-notebook.d
rename_user
move_home
chown_extra
run_hooks /usr/local/bin/before-notebook.d
unset SUDO_UID SUDO_GID SUDO_USER SUDO_COMMAND
exec sudo --preserve-env --set-home --user "$NB_USER" PATH="$PATH" "$@"
