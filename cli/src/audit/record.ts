// An audit record, as the server answers it: only the fields that an export writes. What is missing or of another type is left out.

export interface AuditRecord {
  readonly id: string;
  readonly timestamp: string;
  readonly operation: string;
  readonly action: string;
  readonly path: string;
  readonly resource: string;
  readonly orgId: string;
  readonly projectId: string;
  readonly environment: string;
  readonly status: string;
  readonly error: string;
  readonly actorType: string;
  readonly actorId: string;
  readonly actorIssuer: string;
  readonly tokenId: string;
  readonly policies: string;
  readonly remoteAddress: string;
  readonly userAgent: string;
  readonly data: string;
  readonly chain: string;
  readonly seq: string;
  readonly mac: string;
}

/** The record as flat texts; empty for what is null. */
export function flattenRecord(entry: Readonly<Record<string, unknown>>): AuditRecord {
  const part = (name: string): Readonly<Record<string, unknown>> => mapOf(entry[name]);
  const request = part('request');
  const response = part('response');
  const auth = part('auth');
  const actor = part('actor');
  const scope = part('scope');
  const policies = Array.isArray(auth['policies']) ? auth['policies'].map(textOf) : [];
  return {
    id: textOf(entry['id']),
    timestamp: textOf(entry['timestamp']),
    operation: textOf(request['operation']),
    action: textOf(entry['action']),
    path: textOf(request['path']),
    resource: textOf(scope['resource']),
    orgId: textOf(scope['org_id']),
    projectId: textOf(scope['project_id']),
    environment: textOf(scope['environment']),
    status: textOf(response['status_code']),
    error: textOf(response['error']),
    actorType: textOf(actor['type']),
    actorId: textOf(actor['id']),
    actorIssuer: textOf(actor['issuer']),
    tokenId: textOf(auth['token_id']),
    policies: policies.join(' '),
    remoteAddress: textOf(request['remote_addr']),
    userAgent: textOf(entry['user_agent']),
    data: textOf(request['data']),
    chain: textOf(entry['chain']),
    seq: textOf(entry['seq']),
    mac: textOf(entry['mac']),
  };
}

function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
