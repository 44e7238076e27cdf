// Query parameters that several routes take.

import { boolean, integer, literal, string } from '../schema.ts';
import type { Parameter } from '../route.ts';

type Parameters = Readonly<Record<string, Parameter>>;

export const environmentQuery: Parameters = {
  env: { schema: string(), description: 'Environment (slug or id); optional for a token of one environment' },
  environment: { schema: string(), description: 'The same as `env`' },
};

/** Which object is meant by a delete. */
export const meantQuery: Parameters = {
  id: { schema: string({ format: 'uuid' }), description: 'The object that is meant; 409 if it is another' },
  cas: {
    schema: integer({ minimum: 1, maximum: 2_147_483_647 }),
    description: 'The version that must be current',
  },
};

export const forceQuery: Parameters = {
  force: { schema: boolean(), description: 'Delete although it holds secrets; takes an admin' },
};

export const auditQuery: Parameters = {
  limit: { schema: integer({ minimum: 1, maximum: 1000, default: 50 }), description: 'At most so many entries' },
  offset: {
    schema: integer({ minimum: 0, maximum: 1_000_000, default: 0 }),
    description: 'Skip so many of the newest',
  },
  after: { schema: string(), description: 'The `cursor` of the last entry read: continue with older ones' },
};

export const includeQuery: Parameters = {
  include: { schema: literal(['values']), description: 'Send the values too, in one answer' },
};
