import { setTimeout as sleep } from 'node:timers/promises';
import { ZvaultError } from '@zvault/core/domain';
import { collect, defineCommand } from '../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../connection.ts';
import { progressLine } from '../output/progress.ts';
import { printJson } from '../output/table.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
  readonly key?: readonly string[];
  readonly status?: true;
  /** False with --no-wait. */
  readonly wait: boolean;
}

const kinds = ['root', 'system', 'organizations', 'mounts'] as const;
const pollMs = 300;

export const rotate = defineCommand<Options>({
  configure(command) {
    addressOption(
      command
        .option('--key <kind>', `only keys of this kind (${kinds.join(', ')}); may be given several times`, collect)
        .option('--no-wait', 'do not wait until everything is encrypted again')
        .option('--status', 'only show how far it is')
        .option('--json', 'print JSON'),
    ).addHelpText('after', notes);
  },
  async run({ context, options }) {
    const { host, interrupted, log } = context;
    const what = options.key?.map((word) => {
      const kind = kinds.find((known) => known === word);
      if (kind === undefined) throw new ZvaultError('USAGE', `--key takes one of: ${kinds.join(', ')}`);
      return kind;
    });
    await using connection = await connect(context, options, 'vault');
    const { operator } = connection.client.cloud;
    let state = options.status === true ? await operator.rotation() : await operator.rotate(what);
    const { id } = state;
    using line = progressLine(host);
    while (options.wait && options.status !== true && state.state === 'running' && state.id === id) {
      line.show(`${state.reencrypted} entries are encrypted again, ${state.scanned} of ${state.total} looked at`);
      await sleep(pollMs, undefined, { signal: interrupted }).catch(() => interrupted.throwIfAborted());
      state = await operator.rotation();
    }
    line[Symbol.dispose]();
    if (options.json === true) printJson(host, state);
    else if (state.state === 'none') log.info('no key was ever rotated');
    else if (state.state === 'running')
      log.info(`new keys are in use; ${state.reencrypted} entries are encrypted again so far`);
    else
      log.done(
        `new keys are in use, ${state.reencrypted} entries are encrypted again, ${state.erased} old keys erased`,
      );
    if (state.kept > 0) log.warn(`${state.kept} old keys are kept: something names them that can't be encrypted again`);
  },
});

const notes = `
Puts new keys into use at once and encrypts in the background what the old ones have encrypted; reads
and writes go on. Old keys are erased when nothing names them any more. The ways to unseal the vault
stay: zvault rekey and zvault key-slot change those. Needs sudo on sys/rotate.
`;
