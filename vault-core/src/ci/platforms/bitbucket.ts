// Source: https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/

import { fixedIdToken } from '../id-token.ts';
import { definePlatform, noMaskNotice } from '../platform.ts';

const variable = 'BITBUCKET_STEP_OIDC_TOKEN';

export const bitbucket = definePlatform({
  id: 'bitbucket',
  title: 'Bitbucket Pipelines',
  canMask: false,
  maskNotice: noMaskNotice('Bitbucket Pipelines'),
  detect: (env) => Boolean(env['BITBUCKET_BUILD_NUMBER'] || env['BITBUCKET_PIPELINE_UUID'] || env[variable]),
  isFork: () => false,
  hasIdToken: (env) => Boolean(env[variable]),
  // The audience is chosen in the step (`oidc: audiences: […]`), not by us.
  idToken: (world) =>
    Promise.resolve(fixedIdToken(world, variable, 'set "oidc: true" on the step, or "oidc: {audiences: […]}"')),
});
