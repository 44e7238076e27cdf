// For tests: a CA, a server's certificate for 127.0.0.1 and localhost, a client's, made at run time by the openssl command.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TestCertificates {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  /** Made out to a name that no test uses. */
  readonly misnamed: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

export function makeCertificates(): TestCertificates {
  const folder = mkdtempSync(join(tmpdir(), 'zvault-certificates-'));
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  try {
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      at('ca.key'),
      '-out',
      at('ca.pem'),
      '-days',
      '2',
      '-subj',
      '/CN=zvault test CA',
    );
    const issue = (name: string, subjectAltName: string): { cert: string; key: string } => {
      const [key, request, extensions, cert] = [
        at(`${name}.key`),
        at(`${name}.csr`),
        at(`${name}.ext`),
        at(`${name}.pem`),
      ];
      writeFileSync(extensions, `subjectAltName=${subjectAltName}\n`);
      openssl('req', ...newKey, '-keyout', key, '-out', request, '-subj', `/CN=${name}`);
      const signing = [
        '-CA',
        at('ca.pem'),
        '-CAkey',
        at('ca.key'),
        '-CAcreateserial',
        '-days',
        '2',
        '-extfile',
        extensions,
      ];
      openssl('x509', '-req', '-in', request, '-out', cert, ...signing);
      return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
    };
    return {
      ca: readFileSync(at('ca.pem'), 'utf8'),
      server: issue('server', 'IP:127.0.0.1,DNS:localhost,DNS:vault.test'),
      misnamed: issue('misnamed', 'DNS:elsewhere.test'),
      client: issue('client', 'DNS:client.test'),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
