// Source: https://docs.github.com/actions/reference/security/oidc

import { ciError } from '../errors.ts';
import { fetchIdToken } from '../id-token.ts';
import { definePlatform } from '../platform.ts';

export const github = definePlatform({
  id: 'github',
  title: 'GitHub Actions',
  canMask: true,
  detect: (env) => env['GITHUB_ACTIONS'] === 'true',
  isFork: (env) => env['GITHUB_EVENT_NAME'] === 'pull_request' || env['GITHUB_ACTOR'] === 'dependabot[bot]',
  hasIdToken: (env) => Boolean(env['ACTIONS_ID_TOKEN_REQUEST_URL'] && env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']),
  async idToken(world, { audience }) {
    const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = world.env;
    if (!url || !token) throw ciError('ZVCI-110', 'the job may not ask for an identity token');
    return fetchIdToken(world, { url, token, audience });
  },
});
