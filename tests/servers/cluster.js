// server.js in two workers of node's own cluster. At TERM the primary does what node's manual says: disconnect() and wait.
'use strict';
const cluster = require('node:cluster');

if (cluster.isPrimary) {
  for (let k = 0; k < 2; k++) cluster.fork();
  process.on('SIGTERM', () => cluster.disconnect(() => process.exit(0)));
} else {
  require('./server.js');
  // The primary tells; a signal to the whole group must not cut it short.
  process.removeAllListeners('SIGTERM');
  process.on('SIGTERM', () => {});
}
