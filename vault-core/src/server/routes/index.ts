// A handler for every route of the wire's list, and no other: the type says so, and test/registry.test.ts proves it.

import type { RouteId } from '../../wire/routes.ts';
import type { Handler } from '../http/context.ts';
import type { Metrics } from '../metrics.ts';
import { appRoleHandlers } from './app-roles.ts';
import { jwtHandlers } from './jwt.ts';
import { kvHandlers } from './kv.ts';
import { leaseHandlers } from './leases.ts';
import { mountHandlers } from './mounts.ts';
import { loginHandlers } from './login.ts';
import { backupHandlers } from './backup.ts';
import { orgHandlers } from './orgs.ts';
import { policyHandlers } from './policies.ts';
import { projectHandlers } from './projects.ts';
import { sealHandlers } from './seal.ts';
import { secretHandlers } from './secrets.ts';
import { systemHandlers } from './system.ts';
import { tokenHandlers } from './tokens.ts';
import { vaultTokenHandlers } from './vault-tokens.ts';
import { transitHandlers } from './transit.ts';

export function handlers(metrics: Metrics): Record<RouteId, Handler> {
  return {
    ...systemHandlers(metrics),
    ...policyHandlers,
    ...vaultTokenHandlers,
    ...appRoleHandlers,
    ...jwtHandlers,
    ...sealHandlers,
    ...backupHandlers,
    ...orgHandlers,
    ...projectHandlers,
    ...secretHandlers,
    ...tokenHandlers,
    ...mountHandlers,
    ...leaseHandlers,
    ...transitHandlers,
    ...kvHandlers,
    ...loginHandlers,
  };
}
