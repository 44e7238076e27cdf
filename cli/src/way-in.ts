// What opens a vault, as people give it: shares, a key file, a passphrase, a recovery code. Never from the arguments, which other
// users of the machine can read.

import type { Command } from 'commander';
import type { VaultClient } from '@zvault/core/client';
import { Secret, ZvaultError } from '@zvault/core/domain';
import { collect } from './command.ts';
import type { Context } from './context.ts';
import { decodeText, readFileBytes } from './input.ts';
import { isInteractive, promptHidden, readSecretText } from './output/prompt.ts';

export interface WayInFlags {
  readonly shareFile?: readonly string[];
  readonly keyFile?: string;
  readonly passphrase?: true;
  readonly recoveryCode?: true;
}

export type WayIn =
  | { readonly kind: 'shares'; readonly shares: readonly Secret[] }
  | { readonly kind: 'key' | 'passphrase' | 'recovery_code'; readonly secret: Secret };

export function shareFileOption(command: Command): Command {
  return command.option('--share-file <file>', 'file with shares, one a line; may be given several times', collect);
}

export function wayInOptions(command: Command): Command {
  return shareFileOption(command)
    .option('--key-file <file>', 'open it with the key in this file')
    .option('--passphrase', 'open it with a passphrase, from stdin or a prompt')
    .option('--recovery-code', 'open it with a recovery code, from stdin or a prompt');
}

/** True when the flags say how. */
export function namesWayIn({ shareFile, keyFile, passphrase, recoveryCode }: WayInFlags): boolean {
  return shareFile !== undefined || keyFile !== undefined || passphrase === true || recoveryCode === true;
}

/** Shares unless the flags say otherwise. @throws USAGE */
export async function readWayIn(context: Context, flags: WayInFlags): Promise<WayIn> {
  const { shareFile, keyFile, passphrase, recoveryCode } = flags;
  if ([shareFile, keyFile, passphrase, recoveryCode].filter((one) => one !== undefined).length > 1)
    throw new ZvaultError('USAGE', 'give one of --share-file, --key-file, --passphrase, --recovery-code');
  if (keyFile !== undefined) {
    const text = decodeText(readFileBytes(context.host.cwd, keyFile), keyFile);
    return { kind: 'key', secret: known(context, text.trim()) };
  }
  if (passphrase === true) return { kind: 'passphrase', secret: await readOne(context, 'Passphrase') };
  if (recoveryCode === true) return { kind: 'recovery_code', secret: await readOne(context, 'Recovery code') };
  return { kind: 'shares', shares: await readShares(context, shareFile) };
}

/** Shares from files; else from stdin; at a terminal `count` of them, typed one after the other. @throws USAGE */
export async function readShares(context: Context, files: readonly string[] | undefined, count = 1): Promise<Secret[]> {
  const texts = files
    ? files.map((file) => decodeText(readFileBytes(context.host.cwd, file), file))
    : await askShares(context, count);
  const shares = texts.flatMap((text) => text.split(/\s+/)).filter((share) => share !== '');
  if (shares.length === 0) {
    throw new ZvaultError('USAGE', 'no share is given', { hint: 'give one on stdin, or with --share-file' });
  }
  return shares.map((share) => known(context, share));
}

/** Opens the vault, or what waits to take its place. Shares go one by one: any vault takes them so. */
export async function unsealWith(
  client: VaultClient,
  way: WayIn,
): Promise<{ sealed: boolean; threshold: number; progress: number }> {
  const { sys } = client.cloud;
  if (way.kind !== 'shares') return sys.unseal({ [way.kind]: way.secret.expose() });
  let state = { sealed: true, threshold: 0, progress: 0 };
  for (const share of way.shares) {
    state = await sys.unseal({ share: share.expose() });
    if (!state.sealed) break;
  }
  return state;
}

async function askShares(context: Context, count: number): Promise<string[]> {
  if (!isInteractive(context) || count === 1) return [await readSecretText(context, 'Share of the unseal key')];
  const texts: string[] = [];
  while (texts.length < count) texts.push(await promptHidden(context, `Share ${texts.length + 1} of ${count}`));
  return texts;
}

async function readOne(context: Context, question: string): Promise<Secret> {
  const text = (await readSecretText(context, question)).replace(/\r?\n$/, '');
  if (text === '') throw new ZvaultError('USAGE', `no ${question.toLowerCase()} is given`);
  return known(context, text);
}

function known({ redactor }: Context, text: string): Secret {
  const secret = new Secret(text);
  redactor.add(secret);
  return secret;
}
