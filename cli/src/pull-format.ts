// The formats of `cloud pull`: each gives back exactly the values that went in, or refuses.

import { ZvaultError, formatDotenv, formatShellExports, isReservedEnvName } from '@zvault/core/domain';

export const pullFormats = ['env', 'json', 'yaml', 'shell', 'dotenv', 'export'] as const;
export type PullFormat = (typeof pullFormats)[number];

export interface PullOptions {
  readonly format: PullFormat;
  /** Where the values are from, to be written with them. */
  readonly meta?: Readonly<Record<string, string>> | undefined;
  /** Reserved names that may be exported to a shell. */
  readonly allowed: ReadonlySet<string>;
}

/** @throws INPUT_INVALID when a name or a value cannot be written in this format */
export async function formatPull(values: ReadonlyMap<string, string>, options: PullOptions): Promise<string> {
  const entries = Array.from(values, ([key, value]) => ({ key, value }));
  switch (options.format) {
    case 'env':
    case 'dotenv':
      return comments(options.meta) + formatDotenv(entries);
    case 'shell':
    case 'export':
      refuseReserved(values, options.allowed);
      return comments(options.meta) + formatShellExports(entries);
    case 'json':
      return `${JSON.stringify(documentOf(values, options.meta), null, 2)}\n`;
    case 'yaml': {
      const { stringify } = await import('yaml');
      return stringify(documentOf(values, options.meta), { lineWidth: 0 });
    }
  }
}

function documentOf(values: ReadonlyMap<string, string>, meta: PullOptions['meta']): Record<string, unknown> {
  // Without a prototype, so that a secret may be called `__proto__`.
  const document = Object.create(null) as Record<string, unknown>;
  if (meta !== undefined) {
    if (values.has('_meta')) {
      throw new ZvaultError('INPUT_INVALID', 'a secret is called _meta', { hint: 'leave --meta out' });
    }
    document['_meta'] = meta;
  }
  for (const [key, value] of values) document[key] = value;
  return document;
}

function comments(meta: PullOptions['meta']): string {
  return Object.entries(meta ?? {})
    .map(([name, value]) => `# ${name}: ${value.replaceAll(/[\r\n]/g, ' ')}\n`)
    .join('');
}

function refuseReserved(values: ReadonlyMap<string, string>, allowed: ReadonlySet<string>): void {
  const reserved = [...values.keys()].filter((name) => isReservedEnvName(name) && !allowed.has(name));
  if (reserved.length === 0) return;
  throw new ZvaultError('INPUT_INVALID', `a shell must not take these from a vault: ${reserved.join(', ')}`, {
    hint: `if that is meant, add ${reserved.map((name) => `--allow-name ${name}`).join(' ')}`,
  });
}
