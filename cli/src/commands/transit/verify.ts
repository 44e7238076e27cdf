import { ZvaultError, errorTable } from '@zvault/core/domain';
import { defineCommand } from '../../command.ts';
import { connect } from '../../connection.ts';
import { type MessageFlags, messageOptions, readMessage } from './message.ts';

interface Options extends MessageFlags {
  readonly hmac?: string;
  readonly signature?: string;
}

export const verify = defineCommand<Options>({
  configure(command) {
    messageOptions(
      command.option('--signature <text>', 'vault:v1:…').option('--hmac <text>', 'vault:v1:…, instead of a signature'),
    ).addHelpText('after', '\nExits with 0 when it is right, with 7 when it is not.');
  },
  async run({ context, args, options }) {
    const { signature, hmac } = options;
    if ((signature === undefined) === (hmac === undefined))
      throw new ZvaultError('USAGE', 'give --signature or --hmac');
    const { key, bytes } = await readMessage(context, args, options);
    await using connection = await connect(context, options, 'vault');
    const proof = signature === undefined ? { hmac: hmac ?? '' } : { signature };
    const valid = await connection.client.vault.transit.verify(key, bytes, proof);
    if (valid) context.log.done('it is right');
    else context.log.error('it does not belong to this message and this key');
    return valid ? 0 : errorTable.MISMATCH.exit;
  },
});
