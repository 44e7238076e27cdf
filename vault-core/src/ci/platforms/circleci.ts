// Source: https://circleci.com/docs/openid-connect-tokens/ and https://circleci.com/docs/oidc-tokens-with-custom-claims/

import { ciError } from '../errors.ts';
import type { Secret } from '../../domain/secret.ts';
import { audienceOf, fixedIdToken, idTokenOf } from '../id-token.ts';
import { type CiWorld, definePlatform, noMaskNotice } from '../platform.ts';

const variable = 'CIRCLE_OIDC_TOKEN_V2';

export const circleci = definePlatform({
  id: 'circleci',
  title: 'CircleCI',
  canMask: false,
  maskNotice: noMaskNotice('CircleCI'),
  detect: (env) => env['CIRCLECI'] === 'true',
  isFork: (env) => Boolean(env['CIRCLE_PR_USERNAME']),
  hasIdToken: (env) => Boolean(env[variable]),
  async idToken(world, { audience, again }) {
    if (audience === undefined && !again) return givenToken(world);
    const wanted = audience ?? audienceOf(givenToken(world));
    // The only way to an audience of one's own, and to a second token. The program prints it, unmasked: its output is ours alone.
    const claims = JSON.stringify({ aud: wanted });
    const { code, stdout } = await world.run('circleci', ['run', 'oidc', 'get', '--claims', claims]);
    if (code === 0) return idTokenOf(world, stdout, '"circleci run oidc get"');
    if (audience === undefined) return givenToken(world);
    throw ciError('ZVCI-112', `"circleci run oidc get" ended with ${code}`, {
      hint: `leave "audience" out to use ${variable}, whose audience is the id of the organisation`,
    });
  },
});

function givenToken(world: CiWorld): Secret {
  return fixedIdToken(world, variable, 'use a context in the job: without one CircleCI gives no identity token');
}
