import { defineCommand, integerIn } from '../command.ts';
import { type ConnectionFlags, addressOption, connectWith, settingsOf } from '../connection.ts';
import { createKeyFile } from '../key-file.ts';
import { promptNewPassphrase } from '../output/prompt.ts';
import { printJson } from '../output/table.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
  readonly shares: number;
  readonly threshold: number;
  readonly unsealKeyFile?: string;
  readonly unsealPassphrase?: true;
  readonly recoveryCode?: true;
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
        .option('--recovery-code', 'also make a code to print and lock away, which opens the vault alone')
        .option('--json', 'print JSON'),
    ).addHelpText('after', notes);
  },
  async run({ context, options }) {
    const { host, log, redactor } = context;
    const settings = await settingsOf(context, options, 'vault');
    const passphrase = options.unsealPassphrase === true ? await promptNewPassphrase(context) : undefined;
    await using connection = await connectWith(context, settings);
    using keyFile = options.unsealKeyFile === undefined ? undefined : createKeyFile(host.cwd, options.unsealKeyFile);
    const { shares, threshold } = options;
    const made = await connection.client.cloud.sys.init({
      shares,
      threshold,
      ...(keyFile === undefined ? {} : { key_file: true }),
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(options.recoveryCode === true ? { recovery_code: true } : {}),
    });
    // What is printed below is printed once, on purpose; a message about it must not print it again.
    for (const value of [made.root_token, ...made.unseal_shares]) redactor.add(value);
    const code = made.recovery_code;
    if (code !== undefined) redactor.add(code);
    if (keyFile !== undefined) keyFile.write(made.key_file);
    if (options.json === true) {
      printJson(host, {
        unseal_shares: made.unseal_shares,
        root_token: made.root_token,
        ...(code === undefined ? {} : { recovery_code: code }),
        ...(keyFile === undefined ? {} : { unseal_key_file: keyFile.path }),
      });
    } else {
      for (const [index, share] of made.unseal_shares.entries())
        host.stdout.write(`unseal share ${index + 1}: ${share}\n`);
      host.stdout.write(`root token: ${made.root_token}\n`);
      if (code !== undefined) host.stdout.write(`recovery code: ${code}\n`);
    }
    if (keyFile !== undefined)
      log.done(`wrote the unseal key to ${keyFile.path}; start the server with ZVAULT_UNSEAL_KEY_FILE`);
    log.info(
      `${threshold} of ${made.unseal_shares.length} shares unseal the vault; they and the token are not shown again`,
    );
  },
});

const notes = `
Shares and root token are printed once, to stdout: give the shares to different people, and keep
the root token for emergencies.
`;
