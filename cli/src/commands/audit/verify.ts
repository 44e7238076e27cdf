import { type KnownHead, type LineClaim, LogCheck, ZvaultError, errorTable } from '@zvault/core/domain';
import type { VaultClient } from '@zvault/core/client';
import { logLines, sortedByAge } from '../../audit/log-files.ts';
import { parsePublicKey, readPublicKey } from '../../audit/public-key.ts';
import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { printJson } from '../../output/table.ts';

type Sys = VaultClient['cloud']['sys'];

interface Options extends ConnectionFlags {
  readonly json?: true;
  readonly publicKey?: string;
}

/** Lines that the vault is asked about at once. */
const batchLines = 5000;
/** Findings that are printed; all of them count. */
const maxPrinted = 100;

export const verify = defineCommand<Options>({
  configure(command) {
    addressOption(
      command
        .argument('<file...>', 'audit files; a rotated log is all of its files, .gz included')
        .option('--public-key <file>', 'verify the checkpoints with this key (PEM), without a vault')
        .option('--json', 'print JSON'),
    ).addHelpText('after', notes);
  },
  async run({ context, args, options }) {
    if (options.publicKey !== undefined) {
      const publicKey = readPublicKey(context.host.cwd, options.publicKey);
      return report(context, options, await checkFiles(context, args, new LogCheck({ publicKey, alone: true })));
    }
    await using connection = await connect(context, options, 'vault');
    const { sys } = connection.client.cloud;
    // Before anything else: what is written from here on, these requests too, is no cut-off end, and a copy of the log lacks it.
    const { heads } = await sys.verifyAudit({ heads: true, lines: [] });
    const publicKey = parsePublicKey((await sys.auditKey()).public_key, 'the key of the vault');
    return report(context, options, await checkFiles(context, args, new LogCheck({ publicKey }), { sys, heads }));
  },
});

/** With a vault, it confirms each line; with a key, checkpoints do. */
async function checkFiles(
  context: Context,
  paths: readonly string[],
  check: LogCheck,
  vault?: { readonly sys: Sys; readonly heads: readonly KnownHead[] | undefined },
): Promise<LogCheck> {
  const files = await sortedByAge(context.host.cwd, paths);
  let waiting: LineClaim[] = [];
  const confirm = async (): Promise<void> => {
    if (vault && waiting.length > 0) await confirmLines(vault.sys, check, waiting);
    waiting = [];
  };
  for (const file of files) {
    check.beginFile();
    for await (const { text, number, whole } of logLines(context.host.cwd, file)) {
      context.interrupted.throwIfAborted();
      const place = `${file}:${number}`;
      if (!whole) {
        check.notes.push(`${place}: half a line, as a crash leaves it`);
        continue;
      }
      for (const claim of check.line(text, place)) waiting.push(claim);
      if (waiting.length >= batchLines) await confirm();
    }
  }
  await confirm();
  check.end(vault?.heads);
  if (check.lines === 0 && check.findings.length === 0)
    throw new ZvaultError('INPUT_INVALID', 'the files have no lines');
  return check;
}

async function confirmLines(sys: Sys, check: LogCheck, claims: readonly LineClaim[]): Promise<void> {
  for (let start = 0; start < claims.length; start += batchLines) {
    const batch = claims.slice(start, start + batchLines);
    const lines = batch.map(({ chain, id, digest, mac }) => ({ chain, id, digest, mac }));
    const { wrong, unknown } = await sys.verifyAudit({ lines });
    const bad = new Set(wrong);
    const unknownChains = new Set(unknown);
    for (const { id, chain, place } of batch) if (bad.has(id)) check.reject(chain, place);
    for (const chain of unknownChains)
      check.rejectChain(chain, batch.find((claim) => claim.chain === chain)?.place ?? null);
  }
}

function report({ host, log }: Context, { json }: Options, check: LogCheck): number {
  const { findings, notes: remarks, lines, provenLines, chains } = check;
  if (json === true) {
    printJson(host, { ok: findings.length === 0, lines, chains, findings, notes: remarks });
  } else {
    for (const { place, what } of findings.slice(0, maxPrinted)) {
      host.stdout.write(`${place === null ? '' : `${place}: `}${what}\n`);
    }
    if (findings.length > maxPrinted) log.warn(`${findings.length - maxPrinted} more findings are not shown`);
    for (const remark of remarks) log.info(remark);
    if (findings.length === 0)
      log.done(`${provenLines} lines of ${chains} ${chains === 1 ? 'chain' : 'chains'} are as they were written`);
  }
  return findings.length === 0 ? 0 : errorTable.MISMATCH.exit;
}

const notes = `
Exits with 0 when every line is as it was written and none is missing, with 7 when not. Findings
go to stdout, remarks to stderr. Each device holds the whole log: verify the files of one at a time.

The vault is sent the ids, digests and MACs of the lines, never what they say; it needs a token
with "read" on sys/audit-log. It knows where each chain ends, so that a cut-off end is found. With
--public-key no vault is needed; then everything up to each chain's last checkpoint is proven
(docs/storage-format.md says what that means), and a cut-off end behind it is not found.

Examples:
  zvault audit verify vault.db.audit.log.1 vault.db.audit.log
  zvault audit key > audit.pem && zvault audit verify --public-key audit.pem vault.db.audit.log
`;
