// Any other place where commands run.

import { fixedIdToken } from '../id-token.ts';
import { definePlatform, noMaskNotice } from '../platform.ts';

const variable = 'ZVAULT_ID_TOKEN';

export const generic = definePlatform({
  id: 'generic',
  title: 'this platform',
  canMask: false,
  maskNotice: noMaskNotice('This platform'),
  detect: () => true,
  isFork: () => false,
  hasIdToken: (env) => Boolean(env[variable]),
  idToken: (world) => Promise.resolve(fixedIdToken(world, variable, 'put the identity token into ZVAULT_ID_TOKEN')),
});
