import { defineRoutes } from '../route.ts';
import { createTokenBody, okShape, tokenCreatedReply, tokensReply } from '../shapes.ts';

const tokens = '/v1/cloud/orgs/{org}/projects/{project}/tokens';
const viewer = { identity: 'cloud', user: 'viewer' } as const;
const developer = { identity: 'cloud', user: 'developer' } as const;

export const cloudTokenRoutes = defineRoutes([
  {
    id: 'tokens.create',
    method: 'POST',
    path: tokens,
    summary: 'Create a service token; its text is in this answer only',
    access: developer,
    scope: 'project',
    body: createTokenBody,
    replies: { 200: tokenCreatedReply },
    errors: [409],
  },
  {
    id: 'tokens.list',
    method: 'GET',
    path: tokens,
    summary: 'Service tokens of the project, newest first, revoked ones included',
    access: viewer,
    scope: 'project',
    replies: { 200: tokensReply },
  },
  {
    id: 'tokens.revoke',
    method: 'POST',
    path: `${tokens}/{id}/revoke`,
    summary: 'Revoke a service token',
    access: developer,
    scope: 'project',
    replies: { 200: okShape },
  },
  {
    id: 'tokens.delete',
    method: 'DELETE',
    path: `${tokens}/{id}`,
    summary: 'Revoke a service token',
    access: developer,
    scope: 'project',
    replies: { 200: okShape },
  },
]);
