// Leases (contract 1.8).

import { integer, string } from '../schema.ts';
import { defineRoutes } from '../route.ts';
import { leaseBody, leaseCreateBody, leaseRenewBody, leaseShape, leasesReply } from '../engine-shapes.ts';

const need = <const C extends 'read' | 'update' | 'sudo'>(path: string, capability: C) =>
  ({ access: { identity: 'vault', policy: { path, capability } }, scope: 'none' }) as const;

export const leaseRoutes = defineRoutes([
  {
    id: 'leases.list',
    method: 'GET',
    path: '/v1/sys/leases',
    summary: 'Leases, a page at a time',
    ...need('sys/leases', 'read'),
    query: {
      limit: { schema: integer({ minimum: 1, maximum: 10_000, default: 1000 }), description: 'At most so many' },
      after: { schema: string(), description: 'The `next` of the page before' },
    },
    replies: { 200: leasesReply },
  },
  {
    id: 'leases.create',
    method: 'POST',
    path: '/v1/sys/leases/create',
    summary: 'Make a lease; takes "create" on its path, or on sys/leases/create, and no deny on either',
    // What the policies are asked for stands in the body.
    access: { identity: 'vault', policy: 'any' },
    scope: 'none',
    body: leaseCreateBody,
    replies: { 200: leaseShape },
  },
  {
    id: 'leases.lookup',
    method: 'POST',
    path: '/v1/sys/leases/lookup',
    summary: 'One lease',
    ...need('sys/leases/lookup', 'read'),
    body: leaseBody,
    replies: { 200: leaseShape },
  },
  {
    id: 'leases.renew',
    method: 'POST',
    path: '/v1/sys/leases/renew',
    summary: 'Lengthen a lease',
    ...need('sys/leases/renew', 'update'),
    body: leaseRenewBody,
    replies: { 200: leaseShape },
  },
  {
    id: 'leases.revoke',
    method: 'POST',
    path: '/v1/sys/leases/revoke',
    summary: 'End a lease; also when there is none',
    ...need('sys/leases/revoke', 'sudo'),
    body: leaseBody,
    replies: { 204: null },
  },
]);
