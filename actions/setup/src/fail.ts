// How a step says that it failed: one annotation with the code of the catalogue, and a line that says what to do.

import * as core from '@actions/core';
import { ciCodeOf } from '@zvault/core/ci';
import { type Redactor, isZvaultError, messageOf } from '@zvault/core/domain';

export function fail(error: unknown, redactor: Redactor): void {
  const message = redactor.redact(messageOf(error));
  const title = ciCodeOf(error);
  const hint = isZvaultError(error) && error.hint !== undefined ? redactor.redact(error.hint) : undefined;
  core.error(hint === undefined ? message : `${message}\nhint: ${hint}`, title === undefined ? {} : { title });
  process.exitCode = 1;
}
