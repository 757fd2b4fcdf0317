#!/bin/sh
# Apache httpd with its event MPM on the port $1 of the loopback interface, its files in a directory of its own.
set -eu
home=$(mktemp -d)
cat >"$home/httpd.conf" <<HTTPD
ServerName localhost
ServerRoot /usr/lib/apache2
LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule authz_core_module modules/mod_authz_core.so
LoadModule dir_module modules/mod_dir.so
DefaultRuntimeDir $home
PidFile $home/pid
ErrorLog /dev/stderr
Listen 127.0.0.1:$1
DocumentRoot $(pwd)/web
DirectoryIndex index.html
# Two children with threads to spare, for good: one that is busy closes kept-alive connections, and so does one too many.
StartServers 2
ThreadsPerChild 64
MaxRequestWorkers 128
MinSpareThreads 1
MaxSpareThreads 128
MaxKeepAliveRequests 0
HTTPD
exec apache2 -f "$home/httpd.conf" -DFOREGROUND
