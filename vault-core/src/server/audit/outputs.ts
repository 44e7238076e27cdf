// The devices of one audit, together: one of them must take the lines. What one does not take is said once, not for each record.

import { ZvaultError, messageOf } from '../../domain/errors.ts';
import type { AuditDevice } from './device.ts';

interface Output {
  readonly device: AuditDevice;
  /** It did not take the last lines. */
  failing: boolean;
  /** Number of the first line that it lacks; 0: none. */
  missingFrom: number;
}

/** What a write found out about devices. */
export interface OutputNews {
  /** Whose file had gone; the lines began a new one. */
  readonly rotated: readonly string[];
  /** Who takes lines again, and the first line that it lacks. */
  readonly recovered: readonly { readonly device: string; readonly missing_from: number }[];
}

export class Outputs {
  readonly #outputs: readonly Output[];
  readonly #warn: (message: string) => void;

  constructor(devices: readonly AuditDevice[], warn: (message: string) => void) {
    this.#outputs = devices.map((device) => ({ device, failing: false, missingFrom: 0 }));
    this.#warn = warn;
  }

  /** @throws AUDIT_UNAVAILABLE */
  async open(): Promise<void> {
    for (const { device } of this.#outputs) await device.open();
  }

  /** `firstSeq`: number of the first of the lines. @throws AUDIT_UNAVAILABLE when no device takes them */
  write(lines: Buffer, firstSeq: number): void {
    let failure: unknown;
    let taken = this.#outputs.length === 0;
    for (const output of this.#outputs) {
      try {
        output.device.append(lines);
        taken = true;
        if (output.failing) {
          output.failing = false;
          this.#warn(`the audit device ${output.device.name} works again`);
        }
      } catch (error) {
        failure = error;
        if (!output.failing) {
          output.failing = true;
          this.#warn(`can't write to the audit device ${output.device.name}: ${messageOf(error)}`);
        }
      }
    }
    if (!taken) {
      throw new ZvaultError('AUDIT_UNAVAILABLE', "the audit log can't be written, so nothing is done", {
        hint: 'make an audit device writable: free space for its file, or start its receiver',
        cause: failure,
      });
    }
    for (const output of this.#outputs) if (output.failing && output.missingFrom === 0) output.missingFrom = firstSeq;
  }

  /** What is new since the last call. */
  takeNews(): OutputNews | undefined {
    let news: { rotated: string[]; recovered: { device: string; missing_from: number }[] } | undefined;
    for (const output of this.#outputs) {
      const { device, failing, missingFrom } = output;
      if (device.takeRotated())
        (news ??= { rotated: [], recovered: [] }).rotated.push(device.position?.path ?? device.name);
      if (!failing && missingFrom > 0) {
        (news ??= { rotated: [], recovered: [] }).recovered.push({ device: device.name, missing_from: missingFrom });
        output.missingFrom = 0;
      }
    }
    return news;
  }

  /** Waits until what was taken is on the disks; a device that can't has failed, which matters only if all have. */
  async sync(): Promise<void> {
    let failure: unknown;
    let synced = this.#outputs.length === 0;
    for (const output of this.#outputs) {
      try {
        await output.device.sync();
        synced = true;
      } catch (error) {
        failure = error;
        if (!output.failing)
          this.#warn(`can't force the audit device ${output.device.name} to disk: ${messageOf(error)}`);
        output.failing = true;
      }
    }
    if (!synced) throw failure;
  }

  close(): void {
    for (const { device } of this.#outputs) device.close();
  }
}
