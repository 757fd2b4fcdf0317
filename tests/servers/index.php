<?php
// The paths / and /slow of app.py.
usleep(str_starts_with($_SERVER['REQUEST_URI'], '/slow') ? 500000 : 20000);
header('Content-Type: text/plain');
header('Content-Length: 2');
echo 'ok';
