// Source: https://buildkite.com/docs/agent/cli/reference/oidc

import { ciError } from '../errors.ts';
import { idTokenOf } from '../id-token.ts';
import { definePlatform, noMaskNotice } from '../platform.ts';

export const buildkite = definePlatform({
  id: 'buildkite',
  title: 'Buildkite',
  // Its agent has a redactor (`buildkite-agent redactor add`), which is the plugin's to use.
  canMask: false,
  maskNotice: noMaskNotice('Buildkite, without its agent being told,'),
  detect: (env) => env['BUILDKITE'] === 'true',
  isFork: (env) =>
    Boolean(env['BUILDKITE_PULL_REQUEST_REPO']) && env['BUILDKITE_PULL_REQUEST_REPO'] !== env['BUILDKITE_REPO'],
  hasIdToken: (env) => env['BUILDKITE'] === 'true',
  async idToken(world, { audience }) {
    // The issuer is shared by all customers: the organisation's id is the claim to bind, and must be asked for.
    const args = ['oidc', 'request-token', '--claim', 'organization_id,pipeline_id'];
    if (audience !== undefined) args.push('--audience', audience);
    const { code, stdout } = await world.run('buildkite-agent', args);
    if (code !== 0) throw ciError('ZVCI-112', `"buildkite-agent oidc request-token" ended with ${code}`);
    return idTokenOf(world, stdout, '"buildkite-agent oidc request-token"');
  },
});
