import { defineRoutes } from '../route.ts';
import { policiesReply, policyBody, policyShape } from '../auth-shapes.ts';

const policies = '/v1/sys/policies';
/** The path asked for is always the same, whichever policy is meant (contract 1.6). */
const needs = <const C extends 'list' | 'read' | 'create' | 'delete'>(capability: C) =>
  ({ access: { identity: 'vault', policy: { path: 'sys/policies', capability } }, scope: 'none' }) as const;

export const policyRoutes = defineRoutes([
  {
    id: 'policies.list',
    method: 'GET',
    path: policies,
    summary: 'Names of the policies, sorted',
    ...needs('list'),
    replies: { 200: policiesReply },
  },
  {
    id: 'policies.read',
    method: 'GET',
    path: `${policies}/{name}`,
    summary: 'A policy',
    ...needs('read'),
    replies: { 200: policyShape },
  },
  {
    id: 'policies.write',
    method: 'POST',
    path: `${policies}/{name}`,
    summary: 'Create or replace a policy',
    ...needs('create'),
    body: policyBody,
    replies: { 204: null },
  },
  {
    id: 'policies.delete',
    method: 'DELETE',
    path: `${policies}/{name}`,
    summary: 'Delete a policy, if it is there',
    ...needs('delete'),
    replies: { 204: null },
  },
]);
