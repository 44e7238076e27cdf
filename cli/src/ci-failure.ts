// Errors of the rest of the command line as errors of the CI catalogue: in a job every error has a code of it.

import { ciCodeOf, ciError } from '@zvault/core/ci';
import { isZvaultError } from '@zvault/core/domain';

export function ciFailure(error: unknown): unknown {
  if (!isZvaultError(error) || ciCodeOf(error) !== undefined) return error;
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  switch (error.code) {
    case 'TOKEN_MISSING':
      return ciError('ZVCI-101', error.message, { ...hint, cause: error });
    case 'USAGE':
    case 'CONFIG_INVALID':
    case 'TOKEN_INSECURE':
      return ciError('ZVCI-100', error.message, { ...hint, cause: error });
    case 'INPUT_INVALID':
      return ciError('ZVCI-135', error.message, { ...hint, cause: error });
    default:
      return error;
  }
}
