// A vault server that lives as long as a test: in memory, on loopback, on any free port, unsealed, with an organisation, a
// project and its environments ready. Without a client, so that `zvault dev` starts faster; startVault adds one.

import { readFileSync } from 'node:fs';
import { parseDotenv } from '../domain/dotenv.ts';
import { type Host, processHost } from '../domain/host.ts';
import type { IssuerConfig, ListValues } from '../server/index.ts';
import { resolveOptions } from '../server/options.ts';
import { type VaultServer, serve } from '../server/server.ts';
import { Vault } from '../server/vault.ts';
import { provision } from './provision.ts';
import { type Seed, type SeedPlan, planSeed, readSeedFile, unreadable } from './seed.ts';

export interface EphemeralVaultOptions {
  /** A map of keys, whole projects, or the path of a YAML or JSON file with either. */
  readonly seed?: Seed | string | undefined;
  /** Path of a .env for the default environment. */
  readonly envFile?: string | undefined;
  /** @default any free one */
  readonly port?: number | undefined;
  /** Requests a second and token. @default 0: no limit */
  readonly rateLimit?: number | undefined;
  readonly listValues?: ListValues | undefined;
  readonly jwtIssuers?: readonly IssuerConfig[] | undefined;
  /** As the server's option. @default a bounded table in memory */
  readonly audit?: readonly string[] | undefined;
  /** As the server's option. @default false */
  readonly auditFsync?: boolean | undefined;
  /** Told what went wrong beside a request. Never values. */
  readonly warn?: ((message: string) => void) | undefined;
  readonly host?: Host | undefined;
}

export interface EphemeralServer extends AsyncDisposable {
  readonly url: string;
  readonly rootToken: string;
  /** May read and write in the default project. */
  readonly serviceToken: string;
  /** Slugs and ids of what the vault starts with. */
  readonly org: string;
  readonly orgId: string;
  readonly project: string;
  readonly projectId: string;
  readonly environment: string;
  /** What a child process needs to reach the vault: `ZVAULT_URL`, `ZVAULT_TOKEN` and so on. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const defaults = {
  org: 'dev',
  project: 'app',
  environment: 'development',
  environments: ['development', 'staging', 'production'],
} as const;

/**
 * Starts a vault server. Use it with `await using`, or call `stop`.
 * @throws INPUT_INVALID (seed or .env), UNAVAILABLE (the port is taken)
 */
export async function startEphemeralServer(options: EphemeralVaultOptions = {}): Promise<EphemeralServer> {
  const host = options.host ?? processHost();
  const plan = await seedPlan(options);
  const resolved = resolveOptions({
    storage: 'memory',
    listen: { host: '127.0.0.1', port: options.port ?? 0 },
    rateLimit: options.rateLimit ?? 0,
    listValues: options.listValues,
    jwtIssuers: options.jwtIssuers,
    loopbackIssuers: true,
    audit: options.audit,
    auditFsync: options.auditFsync,
    warn: options.warn,
  });
  const vault = await Vault.open(resolved, host);
  try {
    const { rootToken } = await vault.initEphemeral();
    const made = await provision(vault, plan, defaults);
    return describe(await serve(vault), rootToken, made);
  } catch (error) {
    await vault.close();
    throw error;
  }
}

function describe(
  server: VaultServer,
  rootToken: string,
  { orgId, projectId, serviceToken }: { orgId: string; projectId: string; serviceToken: string },
): EphemeralServer {
  const { org, project, environment } = defaults;
  const { url } = server;
  return {
    url,
    rootToken,
    serviceToken,
    org,
    orgId,
    project,
    projectId,
    environment,
    env: {
      ZVAULT_URL: url,
      ZVAULT_TOKEN: rootToken,
      ZVAULT_SERVICE_TOKEN: serviceToken,
      ZVAULT_ORG: org,
      ZVAULT_ORG_ID: orgId,
      ZVAULT_PROJECT: project,
      ZVAULT_PROJECT_ID: projectId,
      ZVAULT_ENV: environment,
    },
    stop: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

async function seedPlan({ seed, envFile }: EphemeralVaultOptions): Promise<SeedPlan> {
  const plan = planSeed(typeof seed === 'string' ? await readSeedFile(seed) : (seed ?? {}), defaults);
  if (envFile === undefined) return plan;
  let bytes: Buffer;
  try {
    bytes = readFileSync(envFile);
  } catch (error) {
    throw unreadable(error, envFile);
  }
  const merged = new Map(plan);
  const environments = new Map(merged.get(defaults.project));
  const secrets = new Map(environments.get(defaults.environment));
  for (const { key, value } of parseDotenv(bytes, { file: envFile }).entries) secrets.set(key, value.expose());
  environments.set(defaults.environment, secrets);
  merged.set(defaults.project, environments);
  return merged;
}
