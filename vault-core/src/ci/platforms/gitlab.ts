// Source: https://docs.gitlab.com/ci/secrets/id_token_authentication/

import { fixedIdToken } from '../id-token.ts';
import { definePlatform, noMaskNotice } from '../platform.ts';

const variable = 'ZVAULT_ID_TOKEN';

export const gitlab = definePlatform({
  id: 'gitlab',
  title: 'GitLab CI',
  canMask: false,
  maskNotice: noMaskNotice('GitLab CI'),
  detect: (env) => env['GITLAB_CI'] === 'true',
  isFork: (env) =>
    Boolean(env['CI_MERGE_REQUEST_SOURCE_PROJECT_ID']) &&
    env['CI_MERGE_REQUEST_SOURCE_PROJECT_ID'] !== env['CI_MERGE_REQUEST_PROJECT_ID'],
  hasIdToken: (env) => Boolean(env[variable]),
  // The audience is chosen in the job (`id_tokens: {ZVAULT_ID_TOKEN: {aud: …}}`), not by us.
  idToken: (world) =>
    Promise.resolve(fixedIdToken(world, variable, 'add "id_tokens: {ZVAULT_ID_TOKEN: {aud: …}}" to the job')),
});
