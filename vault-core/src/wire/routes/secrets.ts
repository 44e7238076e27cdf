import { integer } from '../schema.ts';
import { defineRoutes } from '../route.ts';
import {
  batchBody,
  batchReply,
  keysReply,
  okShape,
  putSecretBody,
  rollbackBody,
  secretReply,
  versionsReply,
  writtenReply,
} from '../shapes.ts';
import { includeQuery, meantQuery } from './parameters.ts';

const environment = '/v1/cloud/orgs/{org}/projects/{project}/envs/{env}';
const secret = `${environment}/secrets/{key}`;
const read = { access: { identity: 'cloud', user: 'viewer', service: 'read' }, scope: 'environment' } as const;
const write = { access: { identity: 'cloud', user: 'developer', service: 'write' }, scope: 'environment' } as const;
const version = integer({ minimum: 1, maximum: 2_147_483_647 });

export const cloudSecretRoutes = defineRoutes([
  {
    id: 'secrets.list',
    method: 'GET',
    path: `${environment}/secrets`,
    summary: 'Keys of the environment; values with include=values',
    ...read,
    query: includeQuery,
    replies: { 200: keysReply, 304: null },
  },
  {
    id: 'secrets.get',
    method: 'GET',
    path: secret,
    summary: 'One secret, or an older version of it',
    ...read,
    query: { version: { schema: version, description: 'A version other than the current one' } },
    replies: { 200: secretReply },
  },
  {
    id: 'secrets.put',
    method: 'PUT',
    path: secret,
    summary: 'Write a secret; the version grows by one',
    ...write,
    body: putSecretBody,
    replies: { 200: writtenReply },
    errors: [409],
  },
  {
    id: 'secrets.delete',
    method: 'DELETE',
    path: secret,
    summary: 'Delete a secret; it can be restored while the retention lasts',
    ...write,
    query: meantQuery,
    replies: { 200: okShape },
    errors: [409],
  },
  {
    id: 'secrets.versions',
    method: 'GET',
    path: `${secret}/versions`,
    summary: 'Versions of a secret, newest first, without values',
    ...read,
    replies: { 200: versionsReply },
  },
  {
    id: 'secrets.rollback',
    method: 'POST',
    path: `${secret}/rollback`,
    summary: 'Write an older value as a new version',
    ...write,
    body: rollbackBody,
    replies: { 200: writtenReply },
    errors: [409],
  },
  {
    id: 'secrets.restore',
    method: 'POST',
    path: `${secret}/restore`,
    summary: 'Bring a deleted secret back',
    ...write,
    replies: { 200: writtenReply },
    errors: [409],
  },
  {
    id: 'secrets.batch',
    method: 'POST',
    path: `${environment}/batch`,
    summary: 'Write and delete many secrets, all or nothing',
    ...write,
    body: batchBody,
    maxBodyBytes: 33_554_432,
    replies: { 200: batchReply },
    errors: [409],
  },
  {
    id: 'secrets.events',
    method: 'GET',
    path: `${environment}/events`,
    summary: 'Changes of the environment as server-sent events; Last-Event-ID resumes',
    ...read,
    replies: { 200: 'text/event-stream' },
    stream: true,
  },
]);
