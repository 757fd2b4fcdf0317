// The paths of app.py on node's own http module. At TERM it does what node's manual says: close() and wait.
'use strict';
const http = require('node:http');

const WORK_MS = Number(process.env.WORK_MS ?? 20);
const SLOW_MS = 500;
// As pattern.py.
const BLOCK = Buffer.from(Uint8Array.from({ length: 65521 }, (_, k) => (k ^ (k >> 8)) & 255));

function answer(response, body, status = 200) {
  response.writeHead(status, { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

function paced(response, contentType, line, n, ms) {
  response.writeHead(200, { 'Content-Type': contentType });
  response.flushHeaders();
  let k = 0;
  const next = () => {
    if (k === n) return response.end();
    setTimeout(() => {
      response.write(line(k++));
      next();
    }, ms);
  };
  next();
}

function big(response, size) {
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': size });
  const more = () => {
    while (size > 0) {
      const piece = BLOCK.subarray(0, Math.min(size, BLOCK.length));
      size -= piece.length;
      if (!response.write(piece)) return response.once('drain', more);
    }
    response.end();
  };
  more();
}

function echo(request, response) {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => answer(response, Buffer.concat(pieces)));
}

const server = http.createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const number = (name, otherwise = 0) => Number(url.searchParams.get(name) ?? otherwise);
  const later = (ms, body) => setTimeout(() => answer(response, body), ms);
  switch (url.pathname) {
    case '/': return later(number('ms', WORK_MS), 'ok');
    case '/slow': return later(SLOW_MS, 'ok');
    case '/pid': return answer(response, String(process.pid));
    case '/poll': return later(number('ms'), 'polled');
    case '/echo': return echo(request, response);
    case '/stream': return paced(response, 'text/event-stream', (k) => `data: ${k}\n\n`, number('n'), number('ms'));
    case '/close': return paced(response, 'text/plain', (k) => `line ${k}\n`, number('n'), number('ms'));
    case '/big': return big(response, number('bytes'));
    default: return answer(response, 'no such path', 404);
  }
});
// A port, or fd://3 for a socket that was handed over.
const fd = process.argv[2].startsWith('fd://') ? Number(process.argv[2].slice(5)) : null;
server.listen(fd === null ? { port: Number(process.argv[2]), host: '127.0.0.1' } : { fd });
process.on('SIGTERM', () => server.close(() => process.exit(0)));
