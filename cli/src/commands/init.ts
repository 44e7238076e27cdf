import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { ZvaultError } from '@zvault/core/domain';
import { defineCommand, integerIn } from '../command.ts';
import { type ConnectionFlags, addressOption, connectWith, settingsOf } from '../connection.ts';
import type { Context } from '../context.ts';
import { fileError } from '../input.ts';
import { isInteractive, promptHidden, readSecretText } from '../output/prompt.ts';
import { printJson } from '../output/table.ts';
import { privateMode } from '../staged-file.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
  readonly shares: number;
  readonly threshold: number;
  readonly unsealKeyFile?: string;
  readonly unsealPassphrase?: true;
}

export const init = defineCommand<Options>({
  configure(command) {
    addressOption(
      command
        .option('--shares <n>', 'number of shares of the unseal key', integerIn('--shares', 1, 10), 5)
        .option('--threshold <n>', 'shares that unseal the vault', integerIn('--threshold', 1, 10), 3)
        .option(
          '--unseal-key-file <file>',
          'also make a key that unseals the vault at its start, and write it to this file',
        )
        .option(
          '--unseal-passphrase',
          'also take a passphrase that unseals the vault at its start, from stdin or a prompt',
        )
        .option('--json', 'print JSON'),
    ).addHelpText('after', notes);
  },
  async run({ context, options }) {
    const { host, log, redactor } = context;
    const settings = await settingsOf(context, options, 'vault');
    const passphrase = options.unsealPassphrase === true ? await readPassphrase(context) : undefined;
    await using connection = await connectWith(context, settings);
    using keyFile = options.unsealKeyFile === undefined ? undefined : createKeyFile(host.cwd, options.unsealKeyFile);
    const { shares, threshold } = options;
    const made = await connection.client.cloud.sys.init({
      shares,
      threshold,
      ...(keyFile === undefined ? {} : { key_file: true }),
      ...(passphrase === undefined ? {} : { passphrase }),
    });
    // What is printed below is printed once, on purpose; a message about it must not print it again.
    for (const value of [made.root_token, ...made.unseal_shares]) redactor.add(value);
    if (keyFile !== undefined) keyFile.write(made.key_file);
    if (options.json === true) {
      printJson(host, {
        unseal_shares: made.unseal_shares,
        root_token: made.root_token,
        ...(keyFile === undefined ? {} : { unseal_key_file: keyFile.path }),
      });
    } else {
      for (const [index, share] of made.unseal_shares.entries())
        host.stdout.write(`unseal share ${index + 1}: ${share}\n`);
      host.stdout.write(`root token: ${made.root_token}\n`);
    }
    if (keyFile !== undefined)
      log.done(`wrote the unseal key to ${keyFile.path}; start the server with ZVAULT_UNSEAL_KEY_FILE`);
    log.info(
      `${threshold} of ${made.unseal_shares.length} shares unseal the vault; they and the token are not shown again`,
    );
  },
});

async function readPassphrase(context: Context): Promise<string> {
  const passphrase = (await readSecretText(context, 'Passphrase')).replace(/\r?\n$/, '');
  if (passphrase === '') throw new ZvaultError('INPUT_INVALID', 'the passphrase is empty');
  context.redactor.add(passphrase);
  if (isInteractive(context) && (await promptHidden(context, 'The same again')) !== passphrase) {
    throw new ZvaultError('INPUT_INVALID', 'the passphrases differ');
  }
  return passphrase;
}

interface KeyFile extends Disposable {
  readonly path: string;
  write(key: string | undefined): void;
}

/**
 * Takes the file's place before the vault is made: a key that cannot be written would be lost. Removed unless it is
 * written.
 */
function createKeyFile(cwd: string, path: string): KeyFile {
  const place = resolve(cwd, path);
  let descriptor: number;
  try {
    descriptor = openSync(place, 'wx', privateMode);
  } catch (error) {
    throw fileError(error, 'create', path);
  }
  let written = false;
  return {
    path,
    write(key) {
      if (key === undefined) {
        throw new ZvaultError('BAD_ANSWER', 'the server made no unseal key', {
          hint: 'unseal it with the shares; the server is of another kind',
        });
      }
      try {
        writeSync(descriptor, `${key}\n`);
        fsyncSync(descriptor);
      } catch (error) {
        throw fileError(error, 'write', path);
      }
      written = true;
    },
    [Symbol.dispose]() {
      closeSync(descriptor);
      if (!written) rmSync(place, { force: true });
    },
  };
}

const notes = `
Shares and root token are printed once, to stdout: give the shares to different people, and keep
the root token for emergencies.
`;
