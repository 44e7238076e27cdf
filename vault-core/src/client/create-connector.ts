// How requests get to the server: directly, or (loaded only then) with TLS options of one's own or through a proxy.

import { nodeHttp, nodeHttps } from '../domain/builtin.ts';
import { agentOptions, type Connector, connectorOf } from './connector.ts';
import type { Settings } from './settings.ts';

/** @throws CONFIG_INVALID for TLS files or a proxy address that cannot be used */
export async function createConnector(settings: Settings): Promise<Connector> {
  const { base, proxy } = settings;
  const chosen = proxy.kind === 'none' ? undefined : (await import('./proxy.ts')).chooseProxy(base, proxy);
  const tls = Object.keys(settings.tls).length === 0 ? {} : await (await import('./tls.ts')).readTls(settings.tls);
  if (chosen !== undefined) {
    const { createProxyConnector } = await import('./proxy-connector.ts');
    return createProxyConnector({ base, proxy: chosen, tls, timeoutMs: settings.timeoutMs });
  }
  if (!base.secure) return connectorOf(base, new (nodeHttp().Agent)(agentOptions));
  return connectorOf(base, new (nodeHttps().Agent)({ ...agentOptions, ...tls }));
}
