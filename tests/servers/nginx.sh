#!/bin/sh
# nginx on the port $1 of the loopback interface, in front of the server that is $2 and its arguments, when there is one:
# it listens on the unix socket $UPSTREAM. `php` as $2: PHP-FPM, by FastCGI. Everything is in a directory of its own,
# and gone with it. The server behind is told to stop when nginx has.
set -eu
port=$1
shift
home=$(mktemp -d)
# Started as root, nginx and PHP-FPM work as other users.
chmod 755 "$home"
here=$(pwd)
export UPSTREAM="$home/upstream.sock"

case ${1-} in
'') location="root $here/web;" ;;
php)
    cat >"$home/fpm.conf" <<FPM
[global]
daemonize = no
error_log = /dev/stderr
[www]
listen = $UPSTREAM
listen.mode = 0666
pm = static
pm.max_children = 4
FPM
    location="include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME $here/index.php; fastcgi_pass unix:$UPSTREAM;"
    [ "$(id -u)" != 0 ] || printf 'user = nobody\ngroup = nogroup\n' >>"$home/fpm.conf"
    # Debian has its version in its name.
    fpm=$(ls /usr/sbin/php-fpm* | head -n 1)
    set -- "$fpm" --nodaemonize --fpm-config "$home/fpm.conf"
    ;;
*) location="proxy_pass http://unix:$UPSTREAM:;" ;;
esac

cat >"$home/nginx.conf" <<NGINX
daemon off;
worker_processes 2;
pid $home/nginx.pid;
error_log stderr;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path $home/body;
    proxy_temp_path $home/proxy;
    fastcgi_temp_path $home/fastcgi;
    uwsgi_temp_path $home/uwsgi;
    scgi_temp_path $home/scgi;
    server {
        listen 127.0.0.1:$port;
        location / { $location }
    }
}
NGINX

behind=
if [ $# -gt 0 ]; then
    "$@" &
    behind=$!
fi
nginx -p "$home" -c "$home/nginx.conf" &
nginx=$!
# The signals that nginx and httpd stop by, passed on as they are.
trap 'kill -QUIT $nginx' QUIT
trap 'kill -TERM $nginx' TERM
# A trap ends a wait; the second one is for nginx itself.
while kill -0 $nginx 2>/dev/null; do wait $nginx || true; done
if [ -n "$behind" ]; then
    kill -TERM $behind 2>/dev/null || true
    wait $behind || true
fi
rm -rf "$home"
