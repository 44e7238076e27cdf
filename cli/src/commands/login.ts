import { Secret, ZvaultError } from '@zvault/core/domain';
import { defineCommand } from '../command.ts';
import { type ConnectionFlags, addressOption, connectWith, settingsOf } from '../connection.ts';
import { readSecretText } from '../output/prompt.ts';
import { saveToken } from '../saved-tokens.ts';

interface Options extends ConnectionFlags {
  readonly stdin?: true;
}

export const login = defineCommand<Options>({
  configure(command) {
    addressOption(command)
      .option('--stdin', 'read the token from stdin')
      .addHelpText(
        'after',
        '\nThe token is checked with the server, then kept in ~/.zvault/tokens, for this address only.',
      );
  },
  async run({ context, options }) {
    if (options.stdin !== true) {
      throw new ZvaultError('USAGE', 'log-in through the browser is not available in this version', {
        hint: 'create a token and run zvault login --stdin',
      });
    }
    const { host, log, redactor } = context;
    // An address that only the project file knows is refused here: the user has to name it (settings.ts).
    const settings = await settingsOf(context, options);
    const text = (await readSecretText(context, `Token for ${settings.url}`)).trim();
    if (text === '') throw new ZvaultError('INPUT_INVALID', 'no token is given on stdin');
    const token = new Secret(text);
    redactor.add(token);
    await using connection = await connectWith(context, { ...settings, token });
    const me = await connection.client.me();
    saveToken(host, settings.url, token);
    const scope = me.project_slug === null ? me.user_id : [me.project_slug, me.environment ?? '*'].join('/');
    log.done(`saved a token for ${settings.url} (${me.auth_type}: ${scope})`);
  },
});
