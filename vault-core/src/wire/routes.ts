// Every route of the HTTP API, in one list. A route without a handler in the server, or the reverse, fails a test.

import { appRoleRoutes } from './routes/app-roles.ts';
import { jwtRoutes } from './routes/jwt.ts';
import { backupRoutes } from './routes/backup.ts';
import { cloudOrgRoutes } from './routes/orgs.ts';
import { cloudProjectRoutes } from './routes/projects.ts';
import { cloudSecretRoutes } from './routes/secrets.ts';
import { cloudTokenRoutes } from './routes/tokens.ts';
import { policyRoutes } from './routes/policies.ts';
import { dialectRoutes } from './routes/dialects.ts';
import { kvRoutes } from './routes/kv.ts';
import { leaseRoutes } from './routes/leases.ts';
import { mountRoutes } from './routes/mounts.ts';
import { loginRoutes } from './routes/login.ts';
import { sealRoutes } from './routes/seal.ts';
import { systemRoutes } from './routes/system.ts';
import { vaultTokenRoutes } from './routes/vault-tokens.ts';
import { transitRoutes } from './routes/transit.ts';

export const routes = [
  ...systemRoutes,
  ...policyRoutes,
  ...vaultTokenRoutes,
  ...appRoleRoutes,
  ...jwtRoutes,
  ...sealRoutes,
  ...backupRoutes,
  ...cloudOrgRoutes,
  ...cloudProjectRoutes,
  ...cloudSecretRoutes,
  ...cloudTokenRoutes,
  ...dialectRoutes,
  ...mountRoutes,
  ...leaseRoutes,
  ...transitRoutes,
  ...kvRoutes,
  ...loginRoutes,
] as const;

export type RouteId = (typeof routes)[number]['id'];
