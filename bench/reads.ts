// Reads a second of one server process, with authentication, access rules and audit on, beside a bare node:http server that
// answers the same bytes. Both run in processes of their own; the load comes from a third, of two kinds (rig.ts).

import type { Bench } from './figure.ts';
import { inTurns, send, startBare, startDev } from './rig.ts';

const seconds = 3;
const connections = 16;
const rounds = 5;

export const reads: Bench = {
  summary: `${connections} connections, ${seconds} s each, ${rounds} times in turn`,
  async run() {
    const vault = await startDev();
    const { ZVAULT_ORG_ID: org, ZVAULT_PROJECT_ID: project, ZVAULT_SERVICE_TOKEN: token } = vault.env;
    const path = `/v1/cloud/orgs/${org}/projects/${project}/envs/development/secrets/KEY`;
    const headers = { Authorization: `Bearer ${token}` };
    await send(vault.url, 'PUT', path, headers, { value: 'a value of usual length, 0123456789' });
    const bare = await startBare(await send(vault.url, 'GET', path, headers));
    try {
      const options = { path, headers, seconds, connections };
      const ours = { ...options, url: vault.url };
      return await inTurns(
        'reads beside bare node:http',
        ours,
        { ...options, url: bare.url },
        { rounds, bound: '>0.7' },
      );
    } finally {
      await Promise.all([vault.stop(), bare.stop()]);
    }
  },
};
