// The load of an ordinary client: node:http with a keep-alive agent. What it is told and answers as in load.mjs.

import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';

process.on('uncaughtException', ({ message }) => {
  console.error(message);
  process.exit(1);
});

const { host, port, path, headers, body, seconds, connections } = JSON.parse(readFileSync(0, 'utf8'));
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const options = {
  host,
  method: body === undefined ? 'GET' : 'POST',
  port,
  path,
  agent,
  headers: {
    ...(body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
    ...Object.fromEntries(
      headers
        .trim()
        .split('\r\n')
        .map((line) => line.split(': ')),
    ),
  },
};
const latencies = [];
const started = performance.now();

function one() {
  return new Promise((resolve, reject) => {
    const sentAt = performance.now();
    const message = request(options, (response) => {
      if (response.statusCode !== 200) reject(new Error(`answered ${response.statusCode} ${response.statusMessage}`));
      response.resume();
      response.on('end', () => {
        latencies.push(performance.now() - sentAt);
        resolve();
      });
    });
    message.on('error', reject);
    message.end(body);
  });
}

await Promise.all(
  Array.from({ length: connections }, async () => {
    while (performance.now() - started < seconds * 1000) await one();
  }),
);
latencies.sort((a, b) => a - b);
const perSecond = latencies.length / ((performance.now() - started) / 1000);
console.log(JSON.stringify({ perSecond, p99Ms: latencies[Math.floor(latencies.length * 0.99)] }));
agent.destroy();
