// The client's public surface.

export { type AuthApi } from './auth/api.ts';
export { type AppRole, type AppRoleLogin, type NewAppRole } from './auth/app-roles.ts';
export { type JwtSession } from './auth/jwt-roles.ts';
export { type CreatedVaultToken, type NewVaultToken } from './auth/tokens.ts';
export { type SecretEvent, type WatchOptions } from './change.ts';
export {
  type ChangedSecrets,
  createClient,
  type GetOptions,
  type ReadOptions,
  type RequestOptions,
  VaultClient,
} from './client.ts';
export { type CloudApi } from './cloud/api.ts';
export { type CallOptions, type RemoveOptions } from './cloud/calls.ts';
export { type ServerFacts } from './cloud/probe.ts';
export { type AuditOptions } from './cloud/projects.ts';
export { type CreatedToken, type NewToken } from './cloud/tokens.ts';
export {
  type ConfigDefinition,
  type ConfigField,
  type ConfigOf,
  type ConfigSchema,
  type ConfigSource,
  type ConfigType,
  defineConfig,
  oneOf,
  optional,
  withDefault,
} from './config.ts';
export { type SecretMetadata } from './decode.ts';
export { isUnrouted } from './failures.ts';
export { type Injected, type InjectOptions } from './inject.ts';
export { type LogEntry, type Logger } from './log.ts';
export { type ClientOptions } from './options.ts';
export { type ProjectName } from './scope.ts';
export { Secrets } from './secrets.ts';
export { type VaultApi } from './vault/api.ts';
export { type KvOptions, type KvSecret, type KvWriteOptions } from './vault/kv.ts';
export { type NewLease } from './vault/leases.ts';
export { type DataKey } from './vault/transit.ts';
export { type WatchCallback, type Watcher } from './watch.ts';
export {
  type BatchOperation,
  type BatchResult,
  type DeleteOptions,
  type SetOptions,
  type WriteOptions,
} from './writer.ts';
