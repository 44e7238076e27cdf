import { Secret, ZvaultError, envSetting } from '@zvault/core/domain';
import { defineCommand, integerIn } from '../command.ts';
import { type ConnectionFlags, addressOption, connectWith, settingsOf } from '../connection.ts';
import type { Context } from '../context.ts';
import { readSecretText } from '../output/prompt.ts';
import { printJson } from '../output/table.ts';
import { saveToken } from '../saved-tokens.ts';
import type { Settings } from '../settings.ts';
import { ownerOf } from '../token-owner.ts';

interface Options extends ConnectionFlags {
  readonly browser: boolean;
  readonly json?: true;
  readonly stdin?: true;
  readonly timeout: number;
}

export const login = defineCommand<Options>({
  configure(command) {
    addressOption(command)
      .option('--no-browser', 'open no browser, only print the address of the page')
      .option('--stdin', 'read the token from stdin, where there is no browser')
      .option('--timeout <seconds>', 'how long to wait for the browser', integerIn('--timeout', 1, 3600), 300)
      .option('--json', 'print JSON')
      .addHelpText('after', notes);
  },
  async run({ context, options }) {
    const { host, log, redactor } = context;
    // An address that only the project file knows is refused here: the user has to name it (settings.ts).
    const settings = await settingsOf(context, options);
    const token =
      options.stdin === true ? await readToken(context, settings) : await fromBrowser(context, settings, options);
    redactor.add(token);
    await using connection = await connectWith(context, { ...settings, token });
    const owner = await ownerOf(connection.client);
    const path = saveToken(host, settings.url, token);
    const { kind, name, expiresAt } = owner;
    if (options.json === true) printJson(host, { url: settings.url, kind, name, expires_at: expiresAt, saved: path });
    else
      log.done(
        `saved a token for ${settings.url} (${kind}: ${name}${expiresAt === null ? '' : `, until ${expiresAt}`})`,
      );
    const other = ['ZVAULT_TOKEN', 'ZVAULT_TOKEN_FILE'].find((variable) => envSetting(host, variable) !== undefined);
    if (other !== undefined) log.warn(`${other} is set, and goes before the saved token`);
  },
});

async function readToken(context: Context, settings: Settings): Promise<Secret> {
  const text = (await readSecretText(context, `Token for ${settings.url}`)).trim();
  if (text === '') throw new ZvaultError('INPUT_INVALID', 'no token is given on stdin');
  return new Secret(text);
}

async function fromBrowser(context: Context, settings: Settings, { browser, timeout }: Options): Promise<Secret> {
  const { signInWithBrowser } = await import('../sign-in/browser.ts');
  return signInWithBrowser(context, settings, { open: browser, timeoutSeconds: timeout });
}

const notes = `
Opens the server's sign-in page, where you give a token or sign in at an issuer that the server is
set up with. The command waits for the answer on 127.0.0.1. The token is checked with the server,
then kept in ~/.zvault/tokens, for this address only. A session from an issuer ends after 8 hours,
or with zvault logout.
`;
