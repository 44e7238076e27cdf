// The command line of `zvault scan`, read.

import { ZvaultError } from '@zvault/core/domain';
import { readSize } from './config/config.ts';
import { type FormatName, type OptionSpec, scanOptions } from './options.ts';

export interface ScanArguments {
  readonly paths: readonly string[];
  readonly mode: 'paths' | 'staged' | 'history' | 'range' | 'unpushed';
  readonly range: string;
  readonly vault: 'off' | 'on' | 'required';
  readonly fix: 'off' | 'env' | 'all';
  readonly format: FormatName;
  readonly output: string | undefined;
  readonly sarif: string | undefined;
  readonly baseline: string | undefined;
  readonly writeBaseline: string | undefined;
  readonly config: string | undefined;
  readonly configFrom: string | undefined;
  readonly maxFileSize: number | undefined;
  readonly deep: boolean;
  readonly strict: boolean;
  readonly threads: number | undefined;
  readonly listRules: boolean;
  readonly explainIndex: boolean;
  readonly help: boolean;
}

/** @throws USAGE */
export function readArguments(argv: readonly string[]): ScanArguments {
  const { values, paths } = split(argv);
  const modes = (['staged', 'history', 'range', 'unpushed'] as const).filter((mode) => values.has(mode));
  if (modes.length > 1) throw new ZvaultError('USAGE', `--${modes.join(' and --')} do not go together`);
  const mode = modes[0] ?? 'paths';
  if (mode !== 'paths' && mode !== 'staged' && paths.length > 0)
    throw new ZvaultError('USAGE', `--${mode} takes no paths`);
  if (values.has('json') && values.has('format') && values.get('format') !== 'json')
    throw new ZvaultError('USAGE', '--json and --format do not go together');
  const size = values.get('max-file-size');
  const threads = values.get('threads');
  if (threads !== undefined && !/^[1-9]\d{0,2}$/.test(threads))
    throw new ZvaultError('USAGE', '--threads takes a number from 1 to 999');
  return {
    paths,
    mode,
    range: values.get('range') ?? '',
    vault: !values.has('vault') ? 'off' : values.get('vault') === 'required' ? 'required' : 'on',
    fix: !values.has('fix') ? 'off' : values.get('fix') === 'all' ? 'all' : 'env',
    format: (values.get('format') as FormatName | undefined) ?? (values.has('json') ? 'json' : 'text'),
    output: values.get('output'),
    sarif: values.get('sarif'),
    baseline: values.get('baseline'),
    writeBaseline: values.get('write-baseline'),
    config: values.get('config'),
    configFrom: values.get('config-from'),
    maxFileSize: size === undefined ? undefined : readSize(size),
    deep: values.has('deep'),
    strict: values.has('strict'),
    threads: threads === undefined ? undefined : Number(threads),
    listRules: values.has('list-rules'),
    explainIndex: values.has('explain-index'),
    help: values.has('help'),
  };
}

function split(argv: readonly string[]): { values: Map<string, string>; paths: string[] } {
  const values = new Map<string, string>();
  const paths: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (word === '--') {
      paths.push(...argv.slice(i + 1));
      break;
    }
    if (word === '-h') values.set('help', '');
    else if (!word.startsWith('--')) {
      if (word.startsWith('-') && word !== '-')
        throw new ZvaultError('USAGE', `unknown option "${word}"`, { hint: 'see zvault scan --help' });
      paths.push(word);
    } else {
      const equals = word.indexOf('=');
      const name = equals === -1 ? word.slice(2) : word.slice(2, equals);
      const spec: OptionSpec | undefined = scanOptions.find((option) => option.name === name);
      if (spec === undefined)
        throw new ZvaultError('USAGE', `unknown option "--${name}"`, { hint: 'see zvault scan --help' });
      let value = equals === -1 ? undefined : word.slice(equals + 1);
      if (spec.value === undefined && value !== undefined) throw new ZvaultError('USAGE', `--${name} takes no value`);
      if (spec.value !== undefined && spec.optionalValue === undefined && value === undefined) {
        i += 1;
        value = argv[i];
        if (value === undefined) throw new ZvaultError('USAGE', `--${name} needs a value`);
      }
      if (value !== undefined && spec.choices !== undefined && !spec.choices.includes(value))
        throw new ZvaultError('USAGE', `--${name} takes ${spec.choices.join(', ')}`);
      if (values.has(name)) throw new ZvaultError('USAGE', `--${name} is given twice`);
      values.set(name, value ?? '');
    }
  }
  return { values, paths };
}

export function helpText(): string {
  const rows = scanOptions.map((option: OptionSpec) => {
    const value =
      option.value === undefined ? '' : option.optionalValue === true ? `[=${option.value}]` : ` ${option.value}`;
    return [
      `  --${option.name}${value}`,
      option.help + (option.choices && option.optionalValue === undefined ? `: ${option.choices.join(', ')}` : ''),
    ] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return [
    'Usage: zvault scan [PATH…] [options]',
    '       zvault scan install [--pre-push]',
    '',
    'Finds secrets in files (PATH, default: the current folder; "-": standard input), in staged changes, or in history.',
    '',
    'Options:',
    ...rows.map(([left, right]) => left.padEnd(width) + right),
    '',
    'Exit status: 0 nothing found · 2 usage · 3 token refused · 6 vault away or something passed over (--strict) · 7 secrets found',
    '',
  ].join('\n');
}
