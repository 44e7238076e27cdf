// The vault API: engines and what operates them, one typed method for each route.

import type { Requester } from '../requester.ts';
import { KvApi } from './kv.ts';
import { LeasesApi } from './leases.ts';
import { MountsApi } from './mounts.ts';
import { TransitApi } from './transit.ts';

export class VaultApi {
  readonly kv: KvApi;
  readonly leases: LeasesApi;
  readonly mounts: MountsApi;
  readonly transit: TransitApi;

  constructor(requester: Requester) {
    this.kv = new KvApi(requester);
    this.leases = new LeasesApi(requester);
    this.mounts = new MountsApi(requester);
    this.transit = new TransitApi(requester);
  }
}
