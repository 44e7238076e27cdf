import { ZvaultError, isZvaultError, tokenKind } from '@zvault/core/domain';
import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, connectWith, environmentOptions, settingsOf } from '../../connection.ts';
import { withProgress } from '../../output/progress.ts';
import { printJson, printRows } from '../../output/table.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
}

export const status = defineCommand<Options>({
  configure(command) {
    environmentOptions(command.option('--json', 'print JSON')).addHelpText(
      'after',
      '\nAsks the server whether it takes the token; exits with 3 when it does not, or when there is none.',
    );
  },
  async run({ context, options }) {
    const { host } = context;
    const settings = await settingsOf(context, options);
    await using connection = await connectWith(context, settings);
    const { token, url } = settings;
    let failure: ZvaultError | undefined;
    const me =
      token === undefined
        ? undefined
        : await withProgress(host, `asking ${url}`, () => connection.client.me()).catch((error: unknown) => {
            if (!isZvaultError(error)) throw error;
            failure = error;
            return undefined;
          });
    const facts = {
      address: url,
      address_from: settings.urlFrom,
      project_file: settings.projectFile?.path ?? null,
      organisation: settings.org ?? me?.org_slug ?? null,
      project: settings.project ?? me?.project_slug ?? null,
      environment: settings.environment ?? me?.environment ?? 'development',
      token: token === undefined ? null : (tokenKind(token.expose()) ?? 'other'),
      token_from: settings.tokenFrom ?? null,
      signed_in_as: me === undefined ? null : `${me.auth_type} ${me.email || me.user_id}`,
      permissions: me?.permissions ?? null,
      expires_at: me?.expires_at ?? null,
    };
    if (options.json === true) printJson(host, facts);
    else printRows(host, ['setting', 'value'], rowsOf(facts));
    if (token === undefined) {
      throw new ZvaultError('TOKEN_MISSING', `no token for ${url}`, {
        hint: 'set ZVAULT_TOKEN or ZVAULT_TOKEN_FILE, or run zvault login',
      });
    }
    if (failure !== undefined) throw failure;
  },
});

function rowsOf(facts: Readonly<Record<string, string | readonly string[] | null>>): string[][] {
  return Object.entries(facts).map(([name, value]) => [
    name.replaceAll('_', ' '),
    value === null ? '-' : typeof value === 'string' ? value : value.join(', '),
  ]);
}
