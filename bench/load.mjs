// A load generator in a process of its own: raw keep-alive sockets, so that it costs less than what it measures.
// On stdin, as headers hold a token: JSON {host, port, path, headers, body, seconds, connections, pauseMs}. Answers JSON {perSecond, p99Ms}.
// With a body it posts. What goes wrong is one line on stderr.

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

process.on('uncaughtException', ({ message }) => {
  console.error(message);
  process.exit(1);
});

const { host, port, path, headers, body, seconds, connections, pauseMs = 0 } = JSON.parse(readFileSync(0, 'utf8'));
const entity =
  body === undefined ? '' : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
const head = `${body === undefined ? 'GET' : 'POST'} ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\n${headers}${entity}`;
const request = Buffer.from(`${head}\r\n${body ?? ''}`);
const latencies = [];
let count = 0;
let stopping = false;
let open = connections;
const started = performance.now();

for (let index = 0; index < connections; index += 1) {
  let text = '';
  let need = -1;
  let sentAt = 0;
  const socket = connect(port, host, () => {
    socket.setNoDelay(true);
    send();
  });
  const send = () => {
    if (stopping) {
      socket.destroy();
      open -= 1;
      if (open === 0) report();
      return;
    }
    sentAt = performance.now();
    socket.write(request);
  };
  socket.on('close', () => {
    if (!stopping) throw new Error('closed a connection');
  });
  socket.on('data', (chunk) => {
    text += chunk.latin1Slice();
    if (need < 0) {
      const head = text.indexOf('\r\n\r\n');
      if (head < 0) return;
      if (!text.startsWith('HTTP/1.1 200')) throw new Error(`answered ${text.slice(9, text.indexOf('\r\n'))}`);
      const length = /^content-length: (\d+)/im.exec(text.slice(0, head));
      if (!length) throw new Error('answered without Content-Length, which this load needs');
      need = head + 4 + Number(length[1]);
    }
    if (text.length < need) return;
    text = text.slice(need);
    need = -1;
    count += 1;
    latencies.push(performance.now() - sentAt);
    if (pauseMs > 0) setTimeout(send, pauseMs);
    else send();
  });
}

setTimeout(() => {
  stopping = true;
}, seconds * 1000);

function report() {
  latencies.sort((a, b) => a - b);
  const perSecond = count / ((performance.now() - started) / 1000);
  console.log(JSON.stringify({ perSecond, p99Ms: latencies[Math.floor(latencies.length * 0.99)] }));
}
