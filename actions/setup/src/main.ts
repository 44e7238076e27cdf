// The main step: a vault of its own if asked for, then secrets as masked variables, outputs or a file for the steps that follow.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as core from '@actions/core';
import {
  type Fetched,
  type Plan,
  type Session,
  ciError,
  contextOf,
  detectPlatform,
  encode,
  encodePlan,
  fetchValues,
  makePlan,
  openSession,
  referencesOf,
  setsVariables,
} from '@zvault/core/ci';
import { Redactor, Secret, messageOf } from '@zvault/core/domain';
import { startEphemeral } from './ephemeral.ts';
import { distrust } from './event.ts';
import { fail } from './fail.ts';
import { type ActionInputs, readInputs } from './inputs.ts';
import { installCommand, nodeIsTooOld } from './install.ts';
import { writeSummary } from './report.ts';
import { appendToEnv, makePrivateFolder, maskCredential, requireRunnerFiles, writePrivate } from './runner.ts';
import { saveState } from './state.ts';
import { actionWorld } from './world.ts';

const redactor = new Redactor();
const { env } = process;
const newline = process.platform === 'win32' ? '\r\n' : '\n';
/** Names of the action's own outputs; GitHub does not tell upper from lower case. */
const ownOutputs = new Set(
  'count names version expires-at cli-path cli-version vault-url vault-token-file file'.split(' '),
);

async function main(): Promise<void> {
  requireRunnerFiles(env);
  const given = readInputs((name) => core.getInput(name), env);
  for (const credential of [given.target.token?.expose(), given.options.clientKey]) {
    if (credential === undefined) continue;
    redactor.add(credential);
    maskCredential(credential);
  }
  checkEvent(given);
  const folder = makePrivateFolder(env);
  saveState('folder', folder);
  await install(given, folder);
  const inputs = given.ephemeral ? await withEphemeral(given, folder) : given;
  if (!given.ephemeral || core.getInput('env') !== '' || core.getInput('keys') !== '') await load(inputs, folder);
}

function checkEvent({ failOnUntrustedEvent }: ActionInputs): void {
  const reason = distrust(env['GITHUB_EVENT_NAME'], readEvent());
  if (reason === undefined) return;
  if (failOnUntrustedEvent) throw ciError('ZVCI-113', reason);
  core.warning(`${reason}: what this job checks out and runs can read every secret it loads`, { title: 'ZVCI-113' });
}

function readEvent(): Parameters<typeof distrust>[1] {
  const path = env['GITHUB_EVENT_PATH'];
  try {
    return path === undefined || path === '' ? {} : (JSON.parse(readFileSync(path, 'utf8')) as object);
  } catch (error) {
    throw ciError('ZVCI-151', `the event cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

async function install({ installCli, cliVersion, cliSha256, cliUrl }: ActionInputs, folder: string): Promise<void> {
  if (!installCli) return;
  const old = nodeIsTooOld();
  if (old !== undefined) {
    core.info(`zvault is not put on PATH: it needs Node 24.12 or newer, and this runner has ${old}`);
    return;
  }
  const { bin, path, version } = await installCommand({ folder, version: cliVersion, sha256: cliSha256, url: cliUrl });
  core.addPath(bin);
  core.setOutput('cli-path', path);
  core.setOutput('cli-version', version);
}

/** Starts the vault; the steps that follow, and this one, use it. */
async function withEphemeral(inputs: ActionInputs, folder: string): Promise<ActionInputs> {
  const vault = await startEphemeral({
    folder,
    seed: inputs.ephemeralSeed,
    port: inputs.ephemeralPort,
    env,
    onProcess: (process) => saveState('vault', process),
  });
  maskCredential(vault.ZVAULT_TOKEN);
  redactor.add(vault.ZVAULT_TOKEN);
  const tokenFile = join(folder, 'token');
  writePrivate(tokenFile, vault.ZVAULT_TOKEN);
  // Empty counts as unset: a token from before is not for this vault.
  const exported = { ...vault, ZVAULT_TOKEN: '', ZVAULT_TOKEN_FILE: tokenFile };
  for (const name of [
    'ZVAULT_URL',
    'ZVAULT_TOKEN',
    'ZVAULT_TOKEN_FILE',
    'ZVAULT_ORG',
    'ZVAULT_PROJECT',
    'ZVAULT_ENV',
  ] as const) {
    core.exportVariable(name, exported[name]);
  }
  core.setOutput('vault-url', vault.ZVAULT_URL);
  core.setOutput('vault-token-file', tokenFile);
  core.info(`an ephemeral vault serves at ${vault.ZVAULT_URL} until the job ends`);
  return {
    ...inputs,
    options: { ...inputs.options, auth: 'token' },
    target: {
      url: vault.ZVAULT_URL,
      token: new Secret(vault.ZVAULT_TOKEN),
      org: vault.ZVAULT_ORG,
      project: vault.ZVAULT_PROJECT,
      environment: core.getInput('env') || vault.ZVAULT_ENV,
    },
  };
}

async function load(inputs: ActionInputs, folder: string): Promise<void> {
  const { options, target } = inputs;
  const world = actionWorld(options, redactor);
  await using session = await openSession(target, options, detectPlatform(env), world);
  if (session.minted) keepMinted(session, inputs, folder);
  const references = referencesOf(env);
  const wantsAll = target.environment !== undefined || options.select.keys.length > 0 || references.size === 0;
  const fetched = await fetchValues(session, references, wantsAll, contextOf(target, options));
  const plan = planFor(inputs, fetched);
  const file = handOver(inputs, plan, folder);
  for (const warning of plan.warnings) core.warning(warning);
  if (plan.kept.length > 0) core.info(`kept as they were: ${plan.kept.join(', ')}`);
  core.setOutput('count', plan.variables.length);
  core.setOutput('names', JSON.stringify(plan.variables.map(({ name }) => name)));
  core.setOutput('version', fetched.version ?? '');
  core.setOutput('expires-at', session.expiresAt ?? '');
  if (file !== undefined) core.setOutput('file', file);
  core.info(`${plan.variables.length} secrets from ${target.url}`);
  if (inputs.summary && env['GITHUB_STEP_SUMMARY']) {
    const { environment } = target;
    const destinations = [...inputs.destinations];
    await writeSummary({ url: new URL(target.url).origin, environment, version: fetched.version, destinations, plan });
  }
}

/** The token stays until the post step revokes it: later steps may use it through its file. */
function keepMinted({ token }: Session, { revoke, target }: ActionInputs, folder: string): void {
  const file = join(folder, 'token');
  if (revoke) saveState('minted', { file, url: target.url });
  writePrivate(file, token.expose());
  core.setOutput('vault-token-file', file);
}

function planFor({ destinations, fileFormat, options }: ActionInputs, fetched: Fetched): Plan {
  const toJob = destinations.has('env') || destinations.has('outputs');
  const plan = makePlan({
    ...fetched,
    options,
    environment: destinations.has('env') ? env : undefined,
    use: toJob ? 'environment' : setsVariables(fileFormat) ? 'names' : 'data',
    windows: process.platform === 'win32',
  });
  const clashing = plan.variables.filter(({ name }) => ownOutputs.has(name.toLowerCase())).map(({ name }) => name);
  if (destinations.has('outputs') && clashing.length > 0) {
    throw ciError('ZVCI-132', `the action has outputs of these names: ${clashing.join(', ')}`);
  }
  return plan;
}

/** Everything is encoded before anything leaves; then all masks; then file, variables and outputs. Answers the file. */
function handOver({ destinations, file, fileFormat }: ActionInputs, plan: Plan, folder: string): string | undefined {
  const encoding = { randomBytes, newline } as const;
  const variables = destinations.has('env')
    ? encodePlan(plan, { ...encoding, format: 'github', environment: env })
    : '';
  const path = destinations.has('file')
    ? (file ?? join(folder, `secrets.${fileFormat === 'dotenv' ? 'env' : fileFormat}`))
    : undefined;
  const text = path === undefined ? '' : encode(fileFormat, plan.variables, encoding);
  for (const mask of plan.masks) core.setSecret(mask);
  if (path !== undefined) {
    saveState('secretsFile', path);
    writePrivate(path, text);
  }
  if (variables !== '') appendToEnv(env, variables);
  if (destinations.has('outputs')) for (const { name, value } of plan.variables) core.setOutput(name, value);
  return path;
}

void main().catch((error: unknown) => fail(error, redactor));
