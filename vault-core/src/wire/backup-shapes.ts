// Bodies of backup and restore.

import { boolean, type Infer, integer, nullable, object, string } from './schema.ts';

const time = string({ format: 'date-time' });
const count = integer({ minimum: 0 });

/** Largest backup in JSON form, in characters of base64; larger ones come as binary only. */
export const mostSnapshotLength = 67_108_864;

export const backupReply = object({
  snapshot: string({ description: 'The binary form in base64; at most 64 MiB of it' }),
  entry_count: count,
  created_at: time,
  version: string(),
});
export type Backup = Infer<typeof backupReply>;
export const restoreBody = object({ snapshot: string({ description: 'As the backup answered it' }) });
export const stagedReply = object({
  success: boolean(),
  entry_count: count,
  created_at: time,
  version: string(),
  staged: boolean({ description: 'True: it takes the place of the vault once it is unsealed with its own keys' }),
});
export type Staged = Infer<typeof stagedReply>;
export const restoreStatusReply = object({
  staged: boolean(),
  staged_at: nullable(time),
  created_at: nullable(time),
  version: nullable(string()),
  entry_count: count,
  bytes: count,
  shares: count,
  threshold: count,
  progress: count,
});
export type RestoreStatus = Infer<typeof restoreStatusReply>;
