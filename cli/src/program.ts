// The tree of commands, as commander parses it. Subcommands get their options when they are reached, so that a start
// costs what the one command needs.

import { Command, CommanderError } from 'commander';
import { type Host, zvaultVersion } from '@zvault/core/domain';
import type { CommandEntry } from './command.ts';
import { commands } from './commands/index.ts';
import type { Context } from './context.ts';
import { reportError } from './output/failure.ts';
import { createLog } from './output/log.ts';
import { usageError } from './usage-error.ts';

const afterHelp = `
Settings: flag, then environment (ZVAULT_URL, ZVAULT_TOKEN or ZVAULT_TOKEN_FILE, ZVAULT_ORG,
ZVAULT_PROJECT, ZVAULT_ENV), then .zvault.toml, then default. Values never stand in arguments:
they come from stdin, files, prompts or the environment.

Exit codes: 0 ok, 1 internal, 2 usage, 3 not allowed, 4 not found, 5 conflict, 6 unavailable, 7
findings, 130 interrupted.
"zvault run" and "zvault dev -- CMD" exit with the code of CMD.
`;

/** Runs the command line and answers the exit code. Never throws. */
export async function runProgram(context: Context, argv: readonly string[]): Promise<number> {
  const outcome = { exitCode: 0 };
  try {
    const named = commands.find(({ name }) => name === argv[0]);
    const program = named === undefined ? wholeProgram(context) : add(context, bareProgram(context), [named]);
    const words = await loadNamed(context, outcome, program, argv);
    await program.parseAsync(words, { from: 'user' });
    return outcome.exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    return reportError(context, error instanceof CommanderError ? usageError(error) : error);
  }
}

/** The whole tree, with everything loaded: for completion. */
async function loadProgram(context: Context): Promise<Command> {
  const program = wholeProgram(context);
  const load = async (command: Command): Promise<void> => {
    for (const subcommand of command.commands) {
      await configure(context, { exitCode: 0 }, subcommand);
      await load(subcommand);
    }
  };
  await load(program);
  return program;
}

interface Outcome {
  exitCode: number;
}

const entryOf = new WeakMap<Command, CommandEntry>();

/** Enough to find the command that stands first. Each option that is not made here makes every start faster. */
function bareProgram(context: Context): Command {
  const program = new Command('zvault').helpCommand(false).enablePositionalOptions();
  prepare(context, program);
  return program;
}

/** With everything that stands before the command, and all commands, to be listed or suggested. */
function wholeProgram(context: Context): Command {
  const program = bareProgram(context)
    .description('One vault from a laptop to CI to infrastructure.')
    .version(zvaultVersion, '-V, --version', 'print the version')
    .usage('[options] command')
    .option('--no-color', 'no colours on the terminal, as with NO_COLOR=1')
    .addHelpText('after', afterHelp);
  // Before the command these work too, as older scripts have them.
  for (const flags of ['--url <address>', '--addr <address>'])
    program.addOption(program.createOption(flags).hideHelp());
  return add(context, program, commands);
}

function prepare({ host }: Context, command: Command): void {
  command
    .exitOverride()
    .configureHelp({ subcommandTerm: (subcommand) => subcommand.name() })
    .configureOutput({
      getOutHelpWidth: () => helpWidth(host.stdout.columns),
      getErrHelpWidth: () => helpWidth(host.stderr.columns),
      writeOut: (text) => void host.stdout.write(text),
      // A group without a subcommand prints its help to stderr; errors are printed by `runProgram`.
      writeErr: (text) => void host.stderr.write(text),
      outputError: () => {},
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

function add(context: Context, parent: Command, entries: readonly CommandEntry[]): Command {
  for (const entry of entries) {
    const command = new Command(entry.name).description(sentence(entry.summary)).summary(entry.summary);
    command.helpCommand(false).enablePositionalOptions();
    prepare(context, command);
    entryOf.set(command, entry);
    parent.addCommand(command);
  }
  return parent;
}

async function configure(context: Context, outcome: Outcome, command: Command): Promise<void> {
  const entry = entryOf.get(command);
  if (entry === undefined) return;
  entryOf.delete(command);
  const body = await entry.load();
  body.configure?.(command);
  if (body.subcommands !== undefined) {
    command.usage('[options] command');
    add(context, command, body.subcommands);
  }
  if (body.run !== undefined) {
    command.action(async () => {
      const tree = (): Promise<Command> => loadProgram(context);
      const { color, ...global } = rootOf(command).opts<{ color?: boolean; url?: string; addr?: string }>();
      const answer = await body.run?.({
        context: color === false ? withoutColor(context) : context,
        args: command.args,
        options: { ...global, ...command.opts() },
        tree,
      });
      outcome.exitCode = answer ?? 0;
    });
  }
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}

function withoutColor(context: Context): Context {
  const env = { ...context.host.env, NO_COLOR: '1' };
  const host = Object.create(context.host, { env: { value: env } }) as Host;
  return { ...context, host, log: createLog(host, context.redactor) };
}

/**
 * Loads the commands that `argv` names, before commander parses it: it takes defaults from options that are there by
 * then. `zvault help run` and `zvault cloud help get` become `--help` of that command.
 */
async function loadNamed(
  context: Context,
  outcome: Outcome,
  program: Command,
  argv: readonly string[],
): Promise<string[]> {
  const words = [...argv];
  let command = program;
  let help = false;
  for (let index = 0; index < words.length && command.commands.length > 0;) {
    const word = words[index] ?? '';
    if (word === 'help') {
      words.splice(index, 1);
      help = true;
    } else if (word.startsWith('-')) {
      index += word === '--url' || word === '--addr' ? 2 : 1;
    } else {
      const named = command.commands.find((candidate) => candidate.name() === word);
      if (named === undefined) break;
      const ownArguments = entryOf.get(named)?.ownArguments === true;
      await configure(context, outcome, named);
      command = named;
      index += 1;
      if (ownArguments && !help) words.splice(index, Infinity, ...ownWords(words.slice(index)));
    }
  }
  return help ? [...words, '--help'] : words;
}

/** Behind `--` commander takes no word for an option. */
function ownWords(words: readonly string[]): string[] {
  const end = words.indexOf('--');
  const options = end === -1 ? words : words.slice(0, end);
  return options.includes('--help') || options.includes('-h') ? ['--help'] : ['--', ...words];
}

function helpWidth(columns: number | undefined): number {
  return Math.min(columns ?? 100, 120);
}

function sentence(summary: string): string {
  return `${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}.`;
}
