# shellcheck shell=bash
# Read by login shells (profile.d) and by other interactive shells (bash.bashrc).
case ":$PATH:" in
*:/opt/venv/bin:*) ;;
*) PATH=/opt/venv/bin:$PATH ;;
esac
export PATH
# As start-workspace sets it: in a group's folder everyone of the group can change a new file.
umask 0002

# Use one of your environments in this shell: env-use NAME; `deactivate` leaves it.
env-use() {
	if [ -r "/workspace/.environments/${1:-}/bin/activate" ]; then
		# shellcheck source=/dev/null
		. "/workspace/.environments/$1/bin/activate"
	else
		echo "env-use: no environment \"${1:-}\"; yours: $(find /workspace/.environments -mindepth 1 -maxdepth 1 -type d -printf '%f ' 2>/dev/null)" >&2
		return 1
	fi
}
