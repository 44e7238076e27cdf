// The command's half of a sign-in through the browser (wire/routes/login.ts).

import type { Infer } from '../../wire/schema.ts';
import type { loginExchangeBody, loginExchangeReply } from '../../wire/shapes.ts';
import { path } from '../path.ts';
import { type CallOptions, type ManagementCalls, objectOf } from './calls.ts';

export class SignInApi {
  readonly #calls: ManagementCalls;

  constructor(calls: ManagementCalls) {
    this.#calls = calls;
  }

  /** The token for the one-time code that the browser brought. @throws UNAUTHORIZED */
  async exchange(
    body: Infer<typeof loginExchangeBody>,
    options: CallOptions = {},
  ): Promise<Infer<typeof loginExchangeReply>> {
    const hide = [body.code, body.code_verifier];
    const call = { method: 'POST', rest: path`/cli/auth/exchange`, auth: 'none', body, hide } as const;
    return objectOf(await this.#calls.at({ ...call, ...options }), 'the answer') as Infer<typeof loginExchangeReply>;
  }
}
