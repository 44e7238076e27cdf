// KV version 2, under each mount (contract 1.9).

import { integer } from '../schema.ts';
import { defineRoutes } from '../route.ts';
import { kvBody, kvListReply, kvMetadataShape, kvReadReply, kvWrittenReply, versionsBody } from '../engine-shapes.ts';

const data = '/v1/{mount}/data/{path...}';
const need = <const C extends 'read' | 'create' | 'update' | 'delete' | 'list'>(path: string, capability: C) =>
  ({ access: { identity: 'vault', policy: { path: `{mount}/${path}`, capability } }, scope: 'none' }) as const;

export const kvRoutes = defineRoutes([
  {
    id: 'kv.read',
    method: 'GET',
    path: data,
    summary: 'A secret: its newest version, or another',
    ...need('data/{path}', 'read'),
    query: {
      version: { schema: integer({ minimum: 1, maximum: 2_147_483_647 }), description: 'Not the newest but this one' },
    },
    replies: { 200: kvReadReply },
  },
  {
    id: 'kv.write',
    method: 'POST',
    path: data,
    summary: 'Write the next version of a secret',
    ...need('data/{path}', 'create'),
    body: kvBody,
    bodyAsText: true,
    replies: { 200: kvWrittenReply },
    errors: [409],
  },
  {
    id: 'kv.delete',
    method: 'DELETE',
    path: data,
    summary: 'Mark the newest version of a secret as deleted',
    ...need('data/{path}', 'delete'),
    replies: { 204: null },
  },
  {
    id: 'kv.metadata',
    method: 'GET',
    path: '/v1/{mount}/metadata/{path...}',
    summary: 'Versions of a secret, without values',
    ...need('metadata/{path}', 'read'),
    replies: { 200: kvMetadataShape },
  },
  {
    id: 'kv.erase',
    method: 'DELETE',
    path: '/v1/{mount}/metadata/{path...}',
    summary: 'Erase a secret with all its versions for good',
    ...need('metadata/{path}', 'delete'),
    replies: { 204: null },
  },
  {
    id: 'kv.list',
    method: 'GET',
    path: '/v1/{mount}/list/{path...}',
    summary: 'What follows the prefix in the paths under it, all levels',
    ...need('list/{path}', 'list'),
    replies: { 200: kvListReply },
  },
  {
    id: 'kv.list-all',
    method: 'GET',
    path: '/v1/{mount}/list',
    summary: 'All paths of the mount',
    ...need('list/', 'list'),
    replies: { 200: kvListReply },
  },
  {
    id: 'kv.list-root',
    method: 'GET',
    path: '/v1/{mount}/list/',
    summary: 'All paths of the mount',
    ...need('list/', 'list'),
    replies: { 200: kvListReply },
  },
  {
    id: 'kv.undelete',
    method: 'POST',
    path: '/v1/{mount}/undelete/{path...}',
    summary: 'Bring deleted versions back',
    ...need('undelete/{path}', 'update'),
    body: versionsBody,
    replies: { 204: null },
  },
  {
    id: 'kv.destroy',
    method: 'POST',
    path: '/v1/{mount}/destroy/{path...}',
    summary: 'Erase the values of versions for good',
    ...need('destroy/{path}', 'update'),
    body: versionsBody,
    replies: { 204: null },
  },
]);
