import { defineRoutes } from '../route.ts';
import {
  capabilityBody,
  createVaultTokenBody,
  decisionReply,
  ownTokenBody,
  renewBody,
  renewSelfBody,
  tokenLookupShape,
  tokenTextBody,
  vaultTokenCreatedReply,
} from '../auth-shapes.ts';

const token = '/v1/auth/token';
const sudo = <const V extends string>(verb: V) =>
  ({
    access: { identity: 'vault', policy: { path: `auth/token/${verb}`, capability: 'sudo' } },
    scope: 'none',
  }) as const;
/** What everybody may do with the own token, unless a policy is named. In whichever header it comes. */
const own = { identity: 'vault', policy: 'any', self: true, headers: 'both' } as const;

export const vaultTokenRoutes = defineRoutes([
  {
    id: 'vault-tokens.create',
    method: 'POST',
    path: `${token}/create`,
    summary: 'Create a child of the caller’s token; its text is in this answer only',
    ...sudo('create'),
    body: createVaultTokenBody,
    bodyRequired: false,
    replies: { 200: vaultTokenCreatedReply },
    errors: [409],
  },
  {
    id: 'vault-tokens.lookup',
    method: 'POST',
    path: `${token}/lookup`,
    summary: 'What a token is',
    ...sudo('lookup'),
    body: tokenTextBody,
    replies: { 200: tokenLookupShape },
  },
  {
    id: 'vault-tokens.lookup-self',
    method: 'POST',
    path: `${token}/lookup-self`,
    summary: 'What the caller’s token is',
    access: { ...own, policy: { path: 'auth/token/lookup-self', capability: 'read' } },
    scope: 'none',
    replies: { 200: tokenLookupShape },
  },
  {
    id: 'vault-tokens.renew',
    method: 'POST',
    path: `${token}/renew`,
    summary: 'Set the end of a token',
    ...sudo('renew'),
    body: renewBody,
    replies: { 200: tokenLookupShape },
  },
  {
    id: 'vault-tokens.renew-self',
    method: 'POST',
    path: `${token}/renew-self`,
    summary: 'Set the end of the caller’s token',
    access: { ...own, policy: { path: 'auth/token/renew-self', capability: 'update' } },
    scope: 'none',
    body: renewSelfBody,
    bodyRequired: false,
    replies: { 200: tokenLookupShape },
  },
  {
    id: 'vault-tokens.revoke',
    method: 'POST',
    path: `${token}/revoke`,
    summary: 'End a token and all that descend from it',
    ...sudo('revoke'),
    body: tokenTextBody,
    replies: { 204: null },
  },
  {
    id: 'vault-tokens.revoke-self',
    method: 'POST',
    path: `${token}/revoke-self`,
    summary: 'End the caller’s token and all that descend from it',
    access: own,
    scope: 'none',
    body: ownTokenBody,
    bodyRequired: false,
    replies: { 204: null },
  },
  {
    id: 'vault-tokens.capabilities-self',
    method: 'POST',
    path: `${token}/capabilities-self`,
    summary: 'Whether the caller’s policies allow something, and by which rule',
    access: own,
    scope: 'none',
    body: capabilityBody,
    replies: { 200: decisionReply },
  },
]);
