// The post step, which runs whatever became of the job: revokes the token that was made for it, stops the vault, removes the files.
// What fails here is a warning: the job is over.

import { readFileSync, rmSync } from 'node:fs';
import * as core from '@actions/core';
import { type Target, parseBoolean, parseCiOptions, revoke } from '@zvault/core/ci';
import { Redactor, Secret, messageOf } from '@zvault/core/domain';
import { stopEphemeral } from './ephemeral.ts';
import { maskCredential, removeFolder } from './runner.ts';
import { readState } from './state.ts';
import { actionWorld } from './world.ts';

const redactor = new Redactor();

async function attempt(what: string, work: () => Promise<void> | void): Promise<void> {
  try {
    await work();
  } catch (error) {
    core.warning(redactor.redact(`${what}: ${messageOf(error)}`));
  }
}

async function revokeMinted({ file, url }: { file: string; url: string }): Promise<void> {
  const token = new Secret(readFileSync(file, 'utf8').trim());
  maskCredential(token.expose());
  redactor.add(token);
  const options = parseCiOptions((name) => core.getInput(name));
  const target: Target = { url, token, org: undefined, project: undefined, environment: undefined };
  await revoke(target, token, options, actionWorld(options, redactor));
  core.info('the token of this job is revoked');
}

/** Files stay only if that was asked for in so many words. */
function keepsFiles(): boolean {
  try {
    return !parseBoolean('cleanup', core.getInput('cleanup'), true);
  } catch {
    return false;
  }
}

async function post(): Promise<void> {
  const [folder, minted, secrets, vault] = [
    readState('folder'),
    readState('minted'),
    readState('secretsFile'),
    readState('vault'),
  ];
  if (minted !== undefined) await attempt('the token of this job was not revoked', () => revokeMinted(minted));
  if (vault !== undefined) {
    await attempt('the ephemeral vault was not stopped', async () => {
      core.info((await stopEphemeral(vault)) ? 'the ephemeral vault is stopped' : 'the ephemeral vault had ended');
    });
  }
  if (keepsFiles()) return;
  if (secrets !== undefined) await attempt('a file of secrets was not removed', () => rmSync(secrets, { force: true }));
  if (folder !== undefined) await attempt('the folder of this step was not removed', () => removeFolder(folder));
}

void post();
