// Source: https://circleci.com/docs/openid-connect-tokens/ and https://circleci.com/docs/oidc-tokens-with-custom-claims/

import { ciError } from '../errors.ts';
import { fixedIdToken, idTokenOf } from '../id-token.ts';
import { definePlatform, noMaskNotice } from '../platform.ts';

const variable = 'CIRCLE_OIDC_TOKEN_V2';

export const circleci = definePlatform({
  id: 'circleci',
  title: 'CircleCI',
  canMask: false,
  maskNotice: noMaskNotice('CircleCI'),
  detect: (env) => env['CIRCLECI'] === 'true',
  isFork: (env) => Boolean(env['CIRCLE_PR_USERNAME']),
  hasIdToken: (env) => Boolean(env[variable]),
  async idToken(world, { audience }) {
    if (audience === undefined) {
      return fixedIdToken(world, variable, 'use a context in the job: without one CircleCI gives no identity token');
    }
    // The only way to an audience of one's own. The command prints the token, unmasked: its output is ours alone.
    const { code, stdout } = await world.run('circleci', [
      'run',
      'oidc',
      'get',
      '--claims',
      JSON.stringify({ aud: audience }),
    ]);
    if (code !== 0) {
      throw ciError('ZVCI-112', `"circleci run oidc get" ended with ${code}`, {
        hint: 'leave "audience" out to use CIRCLE_OIDC_TOKEN_V2, whose audience is the id of the organisation',
      });
    }
    return idTokenOf(world, stdout, '"circleci run oidc get"');
  },
});
