import { isZvaultError } from '@zvault/core/domain';
import { defineCommand } from '../command.ts';
import { type ConnectionFlags, addressOption, connectWith, settingsOf } from '../connection.ts';
import type { Context } from '../context.ts';
import { checkEnvFiles } from '../doctor/env-files.ts';
import { type Finding, exitCodeOf, failureOf, ok } from '../doctor/finding.ts';
import { checkServer } from '../doctor/server.ts';
import { checkSavedTokens, checkToken } from '../doctor/token.ts';
import { withProgress } from '../output/progress.ts';
import { printJson } from '../output/table.ts';
import { terminalText } from '../output/terminal-text.ts';
import type { Settings } from '../settings.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
}

export const doctor = defineCommand<Options>({
  configure(command) {
    addressOption(command).option('--json', 'print JSON').addHelpText('after', notes);
  },
  async run({ context, options }) {
    const { host } = context;
    const findings = [...(await checkConnection(context, options)), checkSavedTokens(host), await checkEnvFiles(host)];
    const exitCode = exitCodeOf(findings);
    if (options.json === true) printJson(host, { ok: exitCode === 0, checks: findings });
    else for (const finding of findings) host.stdout.write(context.redactor.redact(lineOf(finding)));
    return exitCode;
  },
});

async function checkConnection(context: Context, options: Options): Promise<Finding[]> {
  const { host } = context;
  let settings: Settings;
  try {
    settings = await settingsOf(context, options, 'vault');
  } catch (error) {
    return [failureOf('settings', error, 'correct it')];
  }
  const findings = [
    ok('settings', settings.projectFile?.path ?? 'no .zvault.toml here'),
    ok('address', `${settings.url} (from ${settings.urlFrom === 'flag' ? '--url' : `the ${settings.urlFrom}`})`),
  ];
  try {
    await using connection = await connectWith(context, settings);
    const { findings: ofServer, open } = await withProgress(host, `asking ${settings.url}`, () =>
      checkServer(connection, host),
    );
    return [...findings, ...ofServer, await checkToken(connection, open, host)];
  } catch (error) {
    if (isZvaultError(error) && error.code === 'INTERRUPTED') throw error;
    return [...findings, failureOf('client', error, 'correct it')];
  }
}

function lineOf({ check, verdict, detail, hint }: Finding): string {
  const line = `${verdict.padEnd(8)} ${check}: ${terminalText(detail)}\n`;
  return hint === undefined ? line : `${line}         -> ${terminalText(hint)}\n`;
}

const notes = `
Looks at the settings, the server (its version, seal, certificate and clock), the token, the saved
tokens, and whether git ignores .env. Exits with 0 if nothing is broken, warnings aside; else as
the first failure says: 3 for a token that is missing or unknown, 6 for a vault that is sealed or
away.
`;
