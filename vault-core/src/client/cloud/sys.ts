// The vault itself: seal state, initialisation, the records of its audit.

import { ZvaultError } from '../../domain/errors.ts';
import type { Infer } from '../../wire/schema.ts';
import type {
  AuditKeyReply,
  AuditLogReply,
  AuditVerifyReply,
  auditVerifyBody,
  initBody,
  InitReply,
  licenseReply,
  SealStatus,
  unsealBody,
  unsealReply,
} from '../../wire/shapes.ts';
import { path } from '../path.ts';
import { type CallOptions, type ManagementCalls, objectOf } from './calls.ts';
import { type ServerFacts, probeServer } from './probe.ts';

export class SysApi {
  readonly #calls: ManagementCalls;

  constructor(calls: ManagementCalls) {
    this.#calls = calls;
  }

  /** Version, clock and certificate of the server. */
  probe(options: CallOptions = {}): Promise<ServerFacts> {
    return probeServer(this.#calls.requester, options);
  }

  /** Seal state by the route that load balancers ask; a sealed vault is an answer, no error. @throws UNAVAILABLE when the server can't read it */
  async health(options: CallOptions = {}): Promise<SealStatus> {
    const call = { method: 'GET', rest: path`/v1/sys/health`, auth: 'none', accept: [501, 503] } as const;
    const health = objectOf(await this.#calls.at({ ...call, ...options }), 'the health') as Partial<SealStatus>;
    if (typeof health.sealed === 'boolean') return health as SealStatus;
    // 503 without a seal state: the server itself can't read it.
    throw new ZvaultError('UNAVAILABLE', "the server is up, but can't read its store", {
      hint: "look into the server's log",
    });
  }

  async sealStatus(options: CallOptions = {}): Promise<SealStatus> {
    const call = { method: 'GET', rest: path`/v1/sys/seal-status`, auth: 'none' } as const;
    return objectOf(await this.#calls.at({ ...call, ...options }), 'the seal state') as SealStatus;
  }

  /** The answer holds the root token and the shares: nobody can read them again. @throws CONFLICT when it was done before */
  async init(body: Infer<typeof initBody>, options: CallOptions = {}): Promise<InitReply> {
    const hide = body.passphrase === undefined ? [] : [body.passphrase];
    const call = { method: 'POST', rest: path`/v1/sys/init`, auth: 'none', body, hide } as const;
    return objectOf(await this.#calls.at({ ...call, ...options }), 'the answer') as InitReply;
  }

  /** One share, all shares, another secret that opens it alone, or `reset`. */
  async unseal(body: Infer<typeof unsealBody>, options: CallOptions = {}): Promise<Infer<typeof unsealReply>> {
    const single = [body.share, body.key, body.passphrase, body.recovery_code].filter((one) => one !== undefined);
    const hide = [...single, ...(body.shares ?? [])];
    const call = { method: 'POST', rest: path`/v1/sys/unseal`, auth: 'none', body, hide } as const;
    return objectOf(await this.#calls.at({ ...call, ...options }), 'the answer') as Infer<typeof unsealReply>;
  }

  /** Takes a root token. */
  async seal(options: CallOptions = {}): Promise<void> {
    await this.#calls.at({ method: 'POST', rest: path`/v1/sys/seal`, auth: 'vault', ...options });
  }

  /** The newest records of the whole vault's audit. Takes a root token. */
  async auditLog(
    options: CallOptions & { readonly limit?: number; readonly after?: string | undefined } = {},
  ): Promise<AuditLogReply> {
    const { limit, after, signal } = options;
    const query = { limit, after };
    const call = { method: 'GET', rest: path`/v1/sys/audit-log`, query, auth: 'vault', signal } as const;
    return objectOf(await this.#calls.at(call), 'the answer') as AuditLogReply;
  }

  /** The public key of the audit's checkpoints. */
  async auditKey(options: CallOptions = {}): Promise<AuditKeyReply> {
    const call = { method: 'GET', rest: path`/v1/sys/audit/key`, auth: 'vault' } as const;
    return objectOf(await this.#calls.at({ ...call, ...options }), 'the answer') as AuditKeyReply;
  }

  /** Which of these lines of the audit log are not as they were written: at most 5000 at once. */
  async verifyAudit(body: Infer<typeof auditVerifyBody>, options: CallOptions = {}): Promise<AuditVerifyReply> {
    const call = { method: 'POST', rest: path`/v1/sys/audit/verify`, body, auth: 'vault' } as const;
    return objectOf(await this.#calls.at({ ...call, ...options }), 'the answer') as AuditVerifyReply;
  }

  async license(options: CallOptions = {}): Promise<Infer<typeof licenseReply>> {
    const call = { method: 'GET', rest: path`/v1/sys/license`, auth: 'none' } as const;
    return objectOf(await this.#calls.at({ ...call, ...options }), 'the answer') as Infer<typeof licenseReply>;
  }
}
