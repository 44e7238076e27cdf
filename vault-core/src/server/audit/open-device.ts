// Audit devices by the names that they are given on the command line.

import { ZvaultError } from '../../domain/errors.ts';
import type { AuditDevice } from './device.ts';
import { FileDevice } from './file-device.ts';
import { StdoutDevice } from './stdout-device.ts';
import { SyslogDevice } from './syslog-device.ts';

export type DeviceConfig =
  | { readonly kind: 'file' | 'syslog-file'; readonly name: string; readonly path: string }
  | { readonly kind: 'stdout'; readonly name: string }
  | { readonly kind: 'tcp'; readonly name: string; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly name: string; readonly path: string };

/** Port of syslog over TCP. Source: RFC 6587, section 3.2, and IANA's registry. */
const syslogPort = 601;
const forms = 'file:PATH, stdout, syslog:file:PATH, syslog:unix:PATH or syslog:tcp://HOST[:PORT]';

/** @throws CONFIG_INVALID */
export function parseDevice(name: string): DeviceConfig {
  if (name === 'stdout') return { kind: 'stdout', name };
  const [, form, rest = ''] = /^(file|syslog:file|syslog:unix|syslog):(.+)$/s.exec(name) ?? [];
  if (form === 'file') return { kind: 'file', name, path: rest };
  if (form === 'syslog:file') return { kind: 'syslog-file', name, path: rest };
  if (form === 'syslog:unix') return { kind: 'unix', name, path: rest };
  const url = form === 'syslog' && URL.canParse(rest) ? new URL(rest) : undefined;
  if (url?.protocol === 'tcp:' && url.hostname !== '' && /^\/?$/.test(url.pathname) && url.username === '') {
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    return { kind: 'tcp', name, host, port: url.port === '' ? syslogPort : Number(url.port) };
  }
  throw new ZvaultError('CONFIG_INVALID', 'an audit device is ' + forms);
}

/** `fsync`: lines of a file are on the disk before the device has taken them. */
export function createDevice(config: DeviceConfig, options: { readonly fsync: boolean }): AuditDevice {
  const { name } = config;
  switch (config.kind) {
    case 'file':
      return new FileDevice(config.path, { ...options, name });
    case 'syslog-file':
      return new FileDevice(config.path, { ...options, name, format: 'syslog' });
    case 'stdout':
      return new StdoutDevice();
    case 'tcp':
    case 'unix':
      return new SyslogDevice(name, config);
  }
}
