// Mounts (contract 1.7).

import { defineRoutes } from '../route.ts';
import { mountBody, mountsReply } from '../engine-shapes.ts';

const need = <const C extends 'list' | 'create' | 'delete'>(capability: C) =>
  ({ access: { identity: 'vault', policy: { path: 'sys/mounts', capability } }, scope: 'none' }) as const;

export const mountRoutes = defineRoutes([
  {
    id: 'mounts.list',
    method: 'GET',
    path: '/v1/sys/mounts',
    summary: 'Engines and where they are mounted',
    ...need('list'),
    replies: { 200: mountsReply },
  },
  {
    id: 'mounts.create',
    method: 'POST',
    path: '/v1/sys/mounts/{name}',
    summary: 'Mount a KV engine; what an earlier mount of that name held is there again',
    ...need('create'),
    body: mountBody,
    replies: { 204: null },
    errors: [409],
  },
  {
    id: 'mounts.delete',
    method: 'DELETE',
    path: '/v1/sys/mounts/{name}',
    summary: 'Unmount an engine; its leases end',
    ...need('delete'),
    replies: { 204: null },
  },
]);
