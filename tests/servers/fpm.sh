#!/bin/sh
# PHP-FPM by itself, on the port $1 of the loopback interface: it speaks FastCGI.
set -eu
config=$(mktemp)
cat >"$config" <<FPM
[global]
daemonize = no
error_log = /dev/stderr
[www]
listen = 127.0.0.1:$1
pm = static
pm.max_children = 4
FPM
# Started as root, it works as another user.
[ "$(id -u)" != 0 ] || printf 'user = nobody\ngroup = nogroup\n' >>"$config"
# Nothing is left of the file when the server has gone, however it goes.
exec 3<"$config"
rm "$config"
# Debian has its version in its name.
exec "$(ls /usr/sbin/php-fpm* | head -n 1)" --nodaemonize --fpm-config /dev/fd/3
