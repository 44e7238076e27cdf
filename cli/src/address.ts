// Addresses of servers, in the one form under which tokens are saved.

import { ZvaultError } from '@zvault/core/domain';

export const defaultAddress = 'http://127.0.0.1:8200';

/**
 * The address without what does not matter: trailing slashes, the default port, letter case of the host.
 * @throws CONFIG_INVALID when it is no http(s) address, or holds user, query or fragment.
 */
export function normalizeAddress(text: string, source: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new ZvaultError('CONFIG_INVALID', `the address from ${source} is not an http or https address`, {
      hint: 'write for example https://vault.example.com or http://127.0.0.1:8200',
    });
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new ZvaultError('CONFIG_INVALID', `the address from ${source} must have no user, query or fragment`);
  }
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
}

/** True when a request to this address does not leave the machine. */
export function isLoopbackAddress(address: string): boolean {
  const { hostname } = new URL(address);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
