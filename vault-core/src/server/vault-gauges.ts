// The numbers of a vault that stand in its metrics (contract 1.2). Those of its engines are known while it is unsealed.

import { zvaultVersion } from '../domain/version.ts';
import type { Vault } from './vault.ts';

export function addVaultGauges({ gauges, seal, store, engines, host }: Vault): void {
  const unsealed =
    (read: () => Promise<number>): (() => Promise<number> | undefined) =>
    () =>
      seal.sealed ? undefined : read();
  gauges.add({
    name: 'zvault_initialized',
    help: 'Whether the vault is initialized.',
    read: async () => Number((await seal.status()).initialized),
  });
  gauges.add({ name: 'zvault_sealed', help: 'Whether the vault is sealed.', read: () => Number(seal.sealed) });
  gauges.add({
    name: 'zvault_info',
    help: 'The version of the server.',
    labels: { version: zvaultVersion },
    read: () => 1,
  });
  gauges.add({
    name: 'zvault_lease_count',
    help: 'Leases that have not been erased.',
    read: unsealed(() => engines.leases.count(store)),
  });
  gauges.add({
    name: 'zvault_lease_expired_count',
    help: 'Leases whose time is over, and that wait to be ended.',
    read: unsealed(() => engines.leases.countDue(store, host.now())),
  });
  gauges.add({
    name: 'zvault_mount_count',
    help: 'Engines that are mounted.',
    read: unsealed(async () => (await engines.mounts.list(store)).length),
  });
}
