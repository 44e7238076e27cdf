// TLS material from options: a CA of one's own, and a client certificate.

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { messageOf, ZvaultError } from '../domain/errors.ts';
import type { TlsSettings } from './settings.ts';

/** PEM texts, under the names of Node's TLS options. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Reads what the settings name. @throws CONFIG_INVALID */
export async function readTls(settings: TlsSettings): Promise<TlsMaterial> {
  const ca = settings.ca ?? (settings.caFile === undefined ? undefined : await readPem('CA', settings.caFile));
  const cert = settings.cert === undefined ? undefined : await textOrFile('client certificate', settings.cert);
  const key = settings.key === undefined ? undefined : await textOrFile('client key', settings.key);
  const material = { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
  try {
    createSecureContext(material);
    if (ca !== undefined) checkCa(ca);
  } catch (error) {
    // OpenSSL's message ("bad decrypt", "no start line") names the fault and quotes nothing.
    throw new ZvaultError('CONFIG_INVALID', `the TLS files do not fit together: ${messageOf(error)}`, {
      hint: 'check ca, cert and key: PEM text, the key unencrypted and of this certificate',
    });
  }
  return material;
}

/** Node takes a CA text without a readable certificate for an empty one, and then trusts nobody. */
function checkCa(text: string): void {
  const blocks = text.match(/-----BEGIN ([A-Z0-9 ]*CERTIFICATE)-----[\s\S]*?-----END \1-----/g) ?? [];
  if (blocks.length === 0) throw new Error('the CA holds no certificate');
  for (const block of blocks) void new X509Certificate(block);
}

async function textOrFile(what: string, text: string): Promise<string> {
  return text.includes('-----BEGIN') ? text : readPem(what, text);
}

async function readPem(what: string, file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new ZvaultError('CONFIG_INVALID', `the ${what} file cannot be read: ${messageOf(error)}`, { cause: error });
  }
  if (!text.includes('-----BEGIN')) throw new ZvaultError('CONFIG_INVALID', `the ${what} file "${file}" is not PEM`);
  return text;
}
