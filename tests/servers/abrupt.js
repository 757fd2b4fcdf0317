// server.js without a stop of its own: TERM ends it as it ends any process that says nothing about it.
'use strict';
require('./server.js');
process.removeAllListeners('SIGTERM');
