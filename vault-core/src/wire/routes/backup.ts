import { backupReply, mostSnapshotLength, restoreBody, restoreStatusReply, stagedReply } from '../backup-shapes.ts';
import { defineRoutes } from '../route.ts';

const restoring = {
  identity: 'vault',
  policy: { path: 'sys/restore', capability: 'sudo' },
  openBeforeInit: true,
} as const;

export const backupRoutes = defineRoutes([
  {
    id: 'sys.backup',
    method: 'GET',
    path: '/v1/sys/backup',
    summary: 'Everything, encrypted, as of one moment; binary with `Accept: application/octet-stream`',
    access: { identity: 'vault', policy: { path: 'sys/backup', capability: 'sudo' } },
    scope: 'none',
    replies: { 200: backupReply },
    binaryReply: true,
    errors: [409, 413],
  },
  {
    id: 'sys.restore',
    method: 'POST',
    path: '/v1/sys/restore',
    summary: 'Stage a backup: unsealed with its own keys, it takes the place of everything',
    access: restoring,
    scope: 'none',
    body: restoreBody,
    maxBodyBytes: mostSnapshotLength + 1024,
    binaryBody: true,
    replies: { 200: stagedReply },
    errors: [409],
  },
  {
    id: 'sys.restore-status',
    method: 'GET',
    path: '/v1/sys/restore',
    summary: 'The backup that is staged, and how many of its shares were given',
    access: restoring,
    scope: 'none',
    replies: { 200: restoreStatusReply },
  },
  {
    id: 'sys.restore-cancel',
    method: 'DELETE',
    path: '/v1/sys/restore',
    summary: 'Throw the staged backup away',
    access: restoring,
    scope: 'none',
    replies: { 204: null },
    errors: [404],
  },
]);
