// Where audit lines go. One of the devices must take a line, or the request that it records is refused.

/** Where a line stands. The inode tells a file from the one that took its name; its beginning tells it from those of other machines. */
export interface FilePosition {
  readonly path: string;
  readonly inode: number;
  /** Digest of the first bytes, in which the id of the first record stands; `undefined` while the file is shorter. */
  readonly begin: string | undefined;
  readonly offset: number;
}

export interface AuditDevice {
  /** As it was given: `file:PATH`, `stdout`, `syslog:tcp://HOST:PORT` … */
  readonly name: string;
  /** Of a file of lines, from which they can be read back. */
  readonly position?: FilePosition | undefined;
  /** Makes ready. @throws AUDIT_UNAVAILABLE: a server without its audit does not start */
  open(): Promise<void>;
  /** Takes all lines, each with its end of line, or none and throws. */
  append(lines: Buffer): void;
  /** True once after a new file was begun because the old one had gone. */
  takeRotated(): boolean;
  /** Waits until what was taken is on the disk, if the device has one. */
  sync(): Promise<void>;
  close(): void;
}
