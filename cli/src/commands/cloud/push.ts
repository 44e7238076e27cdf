import { ZvaultError, isReference } from '@zvault/core/domain';
import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, connect, environmentOptions } from '../../connection.ts';
import { readEnvFile } from '../../env-file.ts';
import { withProgress } from '../../output/progress.ts';
import { printJson } from '../../output/table.ts';
import { checkValues, storeInCloud } from '../../upload.ts';

interface Options extends ConnectionFlags {
  readonly comment?: string;
  readonly dryRun?: true;
  readonly file: string;
  readonly json?: true;
}

export const push = defineCommand<Options>({
  configure(command) {
    environmentOptions(
      command
        .option('--file <file>', 'the .env file', '.env')
        .option('--comment <text>', 'comment for every secret')
        .option('--dry-run', 'say what would be stored, and store nothing')
        .option('--json', 'print JSON'),
    ).addHelpText('after', '\nStores all entries or none. References (zvault://…) are no values, and are left out.');
  },
  async run({ context, options }) {
    const { host, log, redactor } = context;
    const { file } = options;
    const document = readEnvFile(host, file);
    for (const { message } of document.notices) log.warn(message);
    const all = document.values();
    const values = new Map([...all].filter(([, value]) => !isReference(value.expose())));
    if (values.size === 0) throw new ZvaultError('INPUT_INVALID', `${file} has no values`);
    for (const value of values.values()) redactor.add(value);
    checkValues(file, values);
    if (all.size > values.size) log.info(`${all.size - values.size} references are left out`);
    await using connection = await connect(context, options);
    const { client, settings } = connection;
    if (options.dryRun !== true) {
      await withProgress(host, `storing ${values.size} values`, () => storeInCloud(client, values, options.comment));
    }
    if (options.json === true) {
      printJson(host, { file, stored: options.dryRun === true ? 0 : values.size, keys: [...values.keys()] });
    } else if (options.dryRun === true) {
      log.info(`would store ${values.size} from ${file}: ${[...values.keys()].join(', ')}`);
    } else {
      log.done(`stored ${values.size} ${values.size === 1 ? 'secret' : 'secrets'} from ${file} in ${settings.url}`);
    }
  },
});
