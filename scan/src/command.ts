// `zvault scan`: reads arguments and configuration, runs the inputs, writes the report, says how it ended.

import { once } from 'node:events';
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { type Host, ZvaultError, errorTable, isZvaultError, messageOf } from '@zvault/core/domain';
import { type ScanArguments, helpText, readArguments } from './arguments.ts';
import { type Baseline, formatBaseline, readBaseline } from './baseline.ts';
import { type ScanConfig, activeRules, folderReader, loadConfig, projectFolder } from './config/config.ts';
import { compileIgnore } from './config/glob.ts';
import type { LoadedExact } from './exact/load.ts';
import { type Finding, FingerprintCounter, compareFindings } from './finding.ts';
import { type GitContext, openRepository } from './input/git.ts';
import type { FileEntry } from './input/files.ts';
import type { InputContext } from './input/source.ts';
import { type Report, formats } from './output/index.ts';
import { rules } from './rules/index.ts';
import { bundledTables } from './bundled-tables.ts';
import { type Found, Scanner, exactRule } from './scanner.ts';
import type { WorkerSettings } from './threads.ts';
import { scanVersion } from './version.ts';
import { resetFlags } from './v8-flags.ts';

/** Exit status when secrets were found, and when `--strict` met something that was passed over. */
const foundStatus = 7;
const partialStatus = 6;
/** The report is written so many characters at a time. */
const outputLength = 1 << 16;

/** Runs `zvault scan` with the arguments behind that word. Never throws: errors are printed, the answer is the exit status. */
export async function runScan(argv: readonly string[], host: Host): Promise<number> {
  try {
    if (argv[0] === 'install') {
      const { runInstall } = await import('./install/install.ts');
      return await runInstall(argv.slice(1), host);
    }
    const args = forStage(readArguments(argv), host);
    if (args.help) return print(host, helpText());
    if (args.listRules) {
      const { listRules } = await import('./list-rules.ts');
      return print(host, listRules(args.format === 'json'));
    }
    return await scan(args, host).finally(resetFlags);
  } catch (error) {
    return report(host, error);
  }
}

/** At the pre-push stage the pre-commit framework says which commits are pushed; `--staged` means these then. */
function forStage(args: ScanArguments, host: Host): ScanArguments {
  const to = host.env['PRE_COMMIT_TO_REF'] ?? '';
  if (args.mode !== 'staged' || to === '') return args;
  const from = host.env['PRE_COMMIT_FROM_REF'] ?? '';
  return /^0*$/.test(from) ? { ...args, mode: 'unpushed' } : { ...args, mode: 'range', range: `${from}..${to}` };
}

function print(host: Host, text: string): number {
  host.stdout.write(text);
  return 0;
}

function report(host: Host, error: unknown): number {
  if (!isZvaultError(error)) {
    host.stderr.write(`zvault: error: ${messageOf(error)} (INTERNAL)\n`);
    return 1;
  }
  host.stderr.write(`zvault: error: ${error.message} (${error.code})\n`);
  if (error.hint !== undefined) host.stderr.write(`zvault: hint: ${error.hint}\n`);
  return errorTable[error.code].exit;
}

async function scan(args: ScanArguments, host: Host): Promise<number> {
  const git = args.mode !== 'paths' || args.configFrom !== undefined ? await openRepository(host) : undefined;
  const readConfig =
    git && args.configFrom !== undefined ? await revisionReader(git, args.configFrom) : folderReader(host.cwd);
  const config =
    args.config !== undefined
      ? await loadConfig(fileReader(host, args.config), args.config)
      : await loadConfig(readConfig);
  const warnings: string[] = [];
  const notices: string[] = [];
  const skipped = new Set<string>();
  const exact =
    args.vault === 'off' && !args.explainIndex ? undefined : await loadExact(args, host, (text) => warnings.push(text));
  if (args.explainIndex) return print(host, exact?.explain() ?? '');
  notices.push(...(exact?.notices() ?? []));
  const found: { found: Found; commit?: string | undefined }[] = [];
  const onSkipped = (path: string, reason: string): void =>
    void skipped.add(`skipped ${JSON.stringify(path)}: ${reason}`);
  const enabled = activeRules(config, rules);
  const custom = config.customRules.filter((rule) => !config.disable.includes(rule.id));
  const scanner = new Scanner({
    rules,
    enabled,
    tables: bundledTables(),
    strict: config.profile === 'strict',
    exact: exact?.finder,
    allowlists: config.allowlists,
    custom:
      custom.length === 0
        ? undefined
        : { rules: custom, onSlow: (rule, path) => onSkipped(path, `the rule "${rule}" took too long on it`) },
  });
  const archive = args.deep ? await import('./input/archive.ts') : undefined;
  const context: InputContext = {
    host,
    scanner,
    maxFileSize: args.maxFileSize ?? config.maxFileSize,
    excluded: excludes(config, host),
    deep: args.deep,
    scanArchive: (path, bytes) => archive?.scanArchive(context, path, bytes),
    onFound: (one, commit) => void found.push({ found: one, commit }),
    onSkipped: ({ path, reason }) => onSkipped(path, reason),
  };
  // Threads answer without secrets, so what needs to see them stays on this one.
  const needsSecrets =
    exact !== undefined ||
    custom.length > 0 ||
    args.deep ||
    args.baseline !== undefined ||
    config.baseline !== undefined;
  const settings = {
    disabled: enabled === undefined ? [] : rules.filter((rule) => !enabled(rule)).map((rule) => rule.id),
    strict: config.profile === 'strict',
    allowlists: config.allowlists,
    maxFileSize: context.maxFileSize,
  };
  await runInput(args, git, context, needsSecrets ? undefined : settings);
  const baseline = await loadBaseline(args, config, host, git);
  const kept = settle(found, config, baseline);
  for (const text of [...warnings, ...skipped]) host.stderr.write(`zvault: warning: ${text}\n`);
  for (const text of notices) host.stderr.write(`zvault: note: ${text}\n`);
  if (args.writeBaseline !== undefined) {
    replaceFile(resolve(host.cwd, args.writeBaseline), [formatBaseline(kept.map(({ finding }) => finding))]);
    host.stderr.write(`zvault: ${kept.length} findings written to ${JSON.stringify(args.writeBaseline)}\n`);
    return 0;
  }
  if (args.fix !== 'off') {
    const { applyFixes } = await import('./fix.ts');
    for (const text of applyFixes(host, kept, args.fix)) host.stderr.write(`zvault: ${text}\n`);
  }
  const findings = kept.map(({ finding }) => finding);
  await write(args, host, {
    findings,
    notices: [...notices, ...warnings, ...skipped],
    startedAt: host.now(),
    version: scanVersion,
  });
  if (findings.length > 0) return foundStatus;
  return args.strict && skipped.size > 0 ? partialStatus : 0;
}

async function runInput(
  args: ScanArguments,
  git: GitContext | undefined,
  context: InputContext,
  threadSettings: WorkerSettings | undefined,
): Promise<void> {
  if (git && args.mode === 'staged') {
    const { scanStaged } = await import('./input/staged.ts');
    return scanStaged(git, context, args.paths);
  }
  if (git && args.mode === 'history') return (await import('./input/history.ts')).scanHistory(git, context);
  if (git && args.mode === 'range') return (await import('./input/history.ts')).scanRange(git, context, args.range);
  if (git && args.mode === 'unpushed') return (await import('./input/history.ts')).scanUnpushed(git, context);
  const files = args.paths.filter((path) => path !== '-');
  if (files.length < args.paths.length) await scanInput(context);
  if (files.length === 0 && args.paths.length > 0) return;
  const { listFiles, scanFile } = await import('./input/files.ts');
  const listed = listFiles(context, files.length === 0 ? ['.'] : files);
  const entries: FileEntry[] = [];
  if (threadSettings !== undefined && args.threads !== 1) {
    const { filesToCount, scanOnThreads, threadCount } = await import('./threads.ts');
    const enough = filesToCount(args.threads);
    for (let next = listed.next(); next.done !== true; next = listed.next())
      if (entries.push(next.value) >= enough) break;
    const threads = threadCount(args.threads, entries.length);
    if (threads > 1) return scanOnThreads(chain(entries, listed), threads, threadSettings, context);
  }
  let count = 0;
  for (const entry of chain(entries, listed)) {
    scanFile(context, entry);
    count += 1;
    // Now and then, so that an interruption is heard.
    if (count % 256 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

function* chain<T>(first: Iterable<T>, rest: Iterable<T>): Generator<T> {
  yield* first;
  yield* rest;
}

async function scanInput(context: InputContext): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of context.host.stdin)
    chunks.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)));
  const bytes = Buffer.concat(chunks);
  for (const found of context.scanArchive('-', bytes) ?? context.scanner.scan('-', bytes)) context.onFound(found);
}

/** Sorts, numbers equal fingerprints, and leaves out what baselines and ignore files hold. */
function settle(
  found: readonly { found: Found; commit?: string | undefined }[],
  config: ScanConfig,
  baseline: Baseline | undefined,
): { finding: Finding; found: Found }[] {
  const counter = new FingerprintCounter();
  // Numbered in the order they were met (for history: oldest first), so that a later one does not rename an earlier one.
  const numbered = found.map(({ found: one, commit }) => ({
    found: one,
    finding: {
      ...one.finding,
      fingerprint: counter.next(one.finding.fingerprint),
      ...(commit === undefined ? {} : { commit }),
    },
  }));
  return numbered
    .filter(({ finding, found: one }) => {
      if (baseline?.has(finding, one) === true) return false;
      return finding.rule === exactRule.id || !config.ignoredLines.has(`${finding.file}:${finding.line}`);
    })
    .sort((a, b) => compareFindings(a.finding, b.finding));
}

async function write(args: ScanArguments, host: Host, content: Report): Promise<void> {
  if (args.sarif !== undefined) replaceFile(resolve(host.cwd, args.sarif), formats.sarif(content));
  const pieces = formats[args.format](content);
  if (args.output !== undefined) return replaceFile(resolve(host.cwd, args.output), pieces);
  // To open a stream that is not used takes a millisecond.
  for (const text of joined(pieces)) {
    if (host.stdout.write(text)) continue;
    try {
      await once(host.stdout, 'drain');
    } catch {
      return; // The reader has gone; who opened the stream is told, too.
    }
  }
}

/** Pieces of a size that is worth a system call. */
function* joined(pieces: Iterable<string>): Iterable<string> {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length < outputLength) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

/** @throws USAGE where nothing can be written */
function replaceFile(path: string, pieces: Iterable<string>): void {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(draft, 'w');
    try {
      for (const text of joined(pieces)) writeFileSync(file, text);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new ZvaultError('USAGE', `"${path}" can't be written (${code})`, {
      hint: 'name a file in a folder that is there and yours to write to',
      cause: error,
    });
  }
}

function excludes(config: ScanConfig, host: Host): (path: string) => boolean {
  if (config.exclude.length === 0) return () => false;
  const ignored = compileIgnore(config.exclude);
  // The patterns are relative to the folder of the configuration.
  const base = relative(projectFolder(host.cwd), host.cwd).split(sep).join('/');
  return (path) => ignored(base === '' ? path : `${base}/${path}`);
}

async function revisionReader(
  git: GitContext,
  revision: string,
): Promise<(name: string) => Promise<Buffer | undefined>> {
  const { runGit } = await import('./input/git.ts');
  if (revision.startsWith('-')) throw new ZvaultError('USAGE', 'a commit does not begin with a dash');
  await runGit(git.host, ['rev-parse', '--verify', '--quiet', `${revision}^{commit}`]).catch((error: unknown) => {
    throw new ZvaultError('USAGE', `git does not know the commit "${revision}"`, { cause: error });
  });
  return (name) => runGit(git.host, ['cat-file', 'blob', `${revision}:${name}`]).catch(() => undefined);
}

function fileReader(host: Host, name: string): (asked: string) => Promise<Buffer | undefined> {
  const others = folderReader(host.cwd);
  return (asked) => {
    if (asked !== name) return others(asked);
    try {
      return Promise.resolve(readFileSync(resolve(host.cwd, name)));
    } catch (error) {
      throw new ZvaultError('CONFIG_INVALID', `the configuration "${name}" can't be read`, { cause: error });
    }
  };
}

async function loadBaseline(
  args: ScanArguments,
  config: ScanConfig,
  host: Host,
  git: GitContext | undefined,
): Promise<Baseline | undefined> {
  const name = args.baseline ?? config.baseline;
  if (name === undefined) return undefined;
  if (git && args.configFrom !== undefined) {
    const text = await (await revisionReader(git, args.configFrom))(name);
    return text === undefined ? undefined : readBaseline(text.toString('utf8'), name);
  }
  const path =
    args.baseline === undefined
      ? join(args.config === undefined ? projectFolder(host.cwd) : dirname(resolve(host.cwd, args.config)), name)
      : resolve(host.cwd, name);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ZvaultError('CONFIG_INVALID', `the baseline "${name}" can't be read`, {
      hint: 'write it with zvault scan --write-baseline',
      cause: error,
    });
  }
  return readBaseline(text, name);
}

async function loadExact(
  args: ScanArguments,
  host: Host,
  warn: (text: string) => void,
): Promise<LoadedExact | undefined> {
  const { loadExactIndex } = await import('./exact/load.ts');
  return loadExactIndex({ host, required: args.vault === 'required', warn });
}
