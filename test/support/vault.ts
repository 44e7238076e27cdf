// A vault with everything that tests turn on: a clock that they move, an issuer whose tokens they sign, and calls that are
// held against the OpenAPI document.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Host, processHost } from '../../vault-core/src/domain/host.ts';
import { type TestKey, createTestKey, signToken } from '../../vault-core/src/server/identity/test-issuer.ts';
import { type ServerOptions, resolveOptions } from '../../vault-core/src/server/options.ts';
import { type VaultServer, serve } from '../../vault-core/src/server/server.ts';
import { Vault } from '../../vault-core/src/server/vault.ts';
import { checkAnswer } from './contract.ts';
import { type Answer, type Call, send } from './http.ts';
import { createDatabase } from './postgres.ts';

export const issuer = 'https://issuer.example.com';
export const otherIssuer = 'https://other.example.com';
export const audience = 'zvault-test';

/** Made once: both sign with the same kind of key, but not with the same key. */
export const issuerKey: TestKey = createTestKey('EdDSA', 'test-1');
export const otherIssuerKey: TestKey = createTestKey('EdDSA', 'test-2');

export interface Clock {
  /** Milliseconds by which the vault's clock is off. */
  offsetMs: number;
}

export interface TestVault extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly server: VaultServer;
  readonly vault: Vault;
  readonly rootToken: string;
  readonly clock: Clock;
  readonly warnings: string[];
  /** A call that is held against the OpenAPI document. */
  call(method: string, path: string, call?: Call): Promise<Answer>;
  /** The same with the root token; throws unless the answer is 200. */
  root(method: string, path: string, body?: unknown): Promise<any>;
  /** A call of the vault API with the root token; throws unless the answer is 200 or 204. */
  operate(method: string, path: string, body?: unknown): Promise<any>;
  /** An identity token of `subject`, an hour long. */
  jwt(subject: string, claims?: Readonly<Record<string, unknown>>): string;
}

/**
 * In memory, unless the options say otherwise. With ZVAULT_TEST_STORAGE=postgres each of them is in a PostgreSQL database of its own
 * instead: everything that holds over the one store must hold over the other.
 */
export async function startTestVault(options: ServerOptions = {}, host: Partial<Host> = {}): Promise<TestVault> {
  if (process.env['ZVAULT_TEST_STORAGE'] !== 'postgres' || options.storage !== undefined)
    return startOver(options, host);
  const database = await createDatabase();
  const folder = temporaryFolder();
  const audit = options.audit ?? [`file:${join(folder.path, 'audit.log')}`];
  const vault = await startOver({ ...options, storage: database.url, audit }, host);
  return {
    ...vault,
    [Symbol.asyncDispose]: async () => {
      await vault[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

async function startOver(options: ServerOptions, host: Partial<Host>): Promise<TestVault> {
  const clock: Clock = { offsetMs: 0 };
  const warnings: string[] = [];
  const now = (): number => Date.now() + clock.offsetMs;
  const vault = await Vault.open(
    resolveOptions({
      listen: { host: '127.0.0.1', port: 0 },
      rateLimit: 0,
      jwtIssuers: [
        { issuer, audience, jwks: { keys: [issuerKey.jwk] } },
        { issuer: otherIssuer, audience, jwks: { keys: [otherIssuerKey.jwk] } },
      ],
      warn: (message) => warnings.push(message),
      ...options,
    }),
    { ...processHost(), now, ...host },
  );
  try {
    const { rootToken } = await vault.initEphemeral();
    const server = await serve(vault);
    return testVault(server, rootToken, clock, warnings);
  } catch (error) {
    await vault.close();
    throw error;
  }
}

function testVault(server: VaultServer, rootToken: string, clock: Clock, warnings: string[]): TestVault {
  const call = async (method: string, path: string, what: Call = {}): Promise<Answer> => {
    const answer = await send(server.url, method, path, what);
    checkAnswer(method, path, answer);
    return answer;
  };
  return {
    url: server.url,
    port: server.port,
    server,
    vault: server.vault,
    rootToken,
    clock,
    warnings,
    call,
    root: async (method, path, body) => {
      const answer = await call(method, path, { token: rootToken, body });
      if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
      return answer.json as unknown;
    },
    operate: async (method, path, body) => {
      const answer = await call(method, path, { vaultToken: rootToken, body });
      if (answer.status !== 200 && answer.status !== 204)
        throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
      return answer.json as unknown;
    },
    jwt: (subject, claims = {}) => {
      const seconds = Math.floor((Date.now() + clock.offsetMs) / 1000);
      return signToken(issuerKey, {
        iss: issuer,
        aud: audience,
        sub: subject,
        iat: seconds,
        exp: seconds + 3600,
        ...claims,
      });
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

export interface Workspace {
  readonly org: string;
  readonly orgId: string;
  readonly project: string;
  readonly projectId: string;
  /** `/v1/cloud/orgs/<org>/projects/<project>` */
  readonly base: string;
  /** `<base>/envs/development` */
  readonly env: string;
  /** By slug. */
  readonly environmentIds: Readonly<Record<string, string>>;
}

/** An organisation with one project and its three environments, made by root. */
export async function makeWorkspace(vault: TestVault, org = 'acme', project = 'app'): Promise<Workspace> {
  const { id: orgId } = (await vault.root('POST', '/v1/cloud/orgs', { name: org, slug: org })) as { id: string };
  const projects = `/v1/cloud/orgs/${org}/projects`;
  const { id: projectId } = (await vault.root('POST', projects, { name: project, slug: project })) as { id: string };
  const base = `${projects}/${project}`;
  const { environments } = (await vault.root('GET', `${base}/environments`)) as {
    environments: { slug: string; id: string }[];
  };
  const environmentIds = Object.fromEntries(environments.map(({ slug, id }) => [slug, id]));
  return { org, orgId, project, projectId, base, env: `${base}/envs/development`, environmentIds };
}

/** The text of a new service token. */
export async function makeToken(
  vault: TestVault,
  base: string,
  body: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const made = (await vault.root('POST', `${base}/tokens`, { name: 'test', ...body })) as { plaintext_token: string };
  return made.plaintext_token;
}

/**
 * A vault on disk in `folder`, initialized with a key file there the first time, and unsealed with it. Its root token is
 * kept beside, so that it can be opened again and again.
 */
export async function startDiskVault(folder: string, options: ServerOptions = {}): Promise<TestVault> {
  const keyFile = join(folder, 'unseal.key');
  const rootFile = join(folder, 'root.token');
  const clock: Clock = { offsetMs: 0 };
  const warnings: string[] = [];
  const settings: ServerOptions = {
    storage: `sqlite:${join(folder, 'vault.db')}`,
    listen: { host: '127.0.0.1', port: 0 },
    rateLimit: 0,
    warn: (message) => warnings.push(message),
    ...options,
  };
  const host = { ...processHost(), now: () => Date.now() + clock.offsetMs };
  if (!existsSync(keyFile)) {
    const fresh = await Vault.open(resolveOptions(settings), host);
    const made = await fresh.init({ shares: 2, threshold: 2, keyFile: true }, () => undefined);
    await fresh.close();
    writeFileSync(keyFile, made.key_file ?? '');
    writeFileSync(rootFile, made.root_token);
  }
  const vault = await Vault.open(resolveOptions({ ...settings, unseal: { keyFile } }), host);
  return testVault(await serve(vault), readFileSync(rootFile, 'utf8'), clock, warnings);
}

/** A folder that is removed at the end. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'zvault-test-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
