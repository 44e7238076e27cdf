// The world of an action's step, for the core.

import { randomBytes } from 'node:crypto';
import { getExecOutput } from '@actions/exec';
import type { CiOptions, CiWorld } from '@zvault/core/ci';
import type { Redactor } from '@zvault/core/domain';
import { maskCredential } from './runner.ts';

export function actionWorld({ timeoutMs }: CiOptions, redactor: Redactor): CiWorld {
  return {
    env: process.env,
    now: () => Date.now(),
    randomBytes: (count) => randomBytes(count),
    run: async (program, args) => {
      const { exitCode, stdout } = await getExecOutput(program, [...args], { silent: true, ignoreReturnCode: true });
      return { code: exitCode, stdout };
    },
    onCredential: (credential) => {
      redactor.add(credential);
      maskCredential(credential);
    },
    onValue: (value) => void redactor.add(value),
    signal: AbortSignal.timeout(timeoutMs),
  };
}
