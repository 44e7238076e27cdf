import { defineCommand } from '../command.ts';
import { type ConnectionFlags, addressOption } from '../connection.ts';
import { ZvaultError, envSetting } from '@zvault/core/domain';
import { defaultAddress, normalizeAddress } from '../address.ts';
import { removeSavedToken, savedAddresses } from '../saved-tokens.ts';

interface Options extends ConnectionFlags {
  readonly all?: true;
}

export const logout = defineCommand<Options>({
  configure(command) {
    addressOption(command).option('--all', 'forget the tokens of all addresses');
  },
  async run({ context: { host, log }, options }) {
    const given = options.url || options.addr || envSetting(host, 'ZVAULT_URL', 'ZVAULT_CLOUD_URL') || defaultAddress;
    const addresses = options.all === true ? savedAddresses(host) : [normalizeAddress(given, '--url')];
    const removed = addresses.filter((address) => removeSavedToken(host, address));
    for (const address of removed)
      log.done(`the token for ${address} is forgotten; it stays valid until it is revoked`);
    if (removed.length > 0 || options.all === true) return;
    const others = savedAddresses(host);
    throw new ZvaultError('NOT_FOUND', `no token is saved for ${addresses.join(', ')}`, {
      hint: others.length === 0 ? undefined : `add --url, one of: ${others.join(', ')}`,
    });
  },
});
