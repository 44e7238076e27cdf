// What to scan for which event, and with whose configuration: that of the base commit, which a contributor can't change.

const noCommit = /^0*$/;

/** The parts of a workflow's event that count. */
export interface EventPayload {
  readonly pull_request?: { readonly base: { readonly sha: string }; readonly head: { readonly sha: string } };
  readonly before?: string;
  readonly after?: string;
}

export interface Inputs {
  readonly range: string;
  readonly vault: string;
  readonly strict: boolean;
  readonly deep: boolean;
  readonly sarif: string;
}

export interface Plan {
  /** Arguments for the scanner. */
  readonly args: readonly string[];
  /** Commits that must be there first. */
  readonly commits: readonly string[];
}

/** @throws Error for an input that is not valid */
export function planScan(event: EventPayload, inputs: Inputs): Plan {
  const { args, commits } = scopeOf(event, inputs.range);
  if (!['off', 'on', 'required'].includes(inputs.vault)) throw new Error('the input "vault" takes off, on or required');
  return {
    commits,
    args: [
      ...args,
      '--format',
      'github',
      ...(inputs.vault === 'off' ? [] : [inputs.vault === 'required' ? '--vault=required' : '--vault']),
      ...(inputs.strict ? ['--strict'] : []),
      ...(inputs.deep ? ['--deep'] : []),
      ...(inputs.sarif === '' ? [] : ['--sarif', inputs.sarif]),
    ],
  };
}

function scopeOf(event: EventPayload, range: string): Plan {
  if (range !== '') {
    const [base = ''] = range.split('..');
    return { args: ['--range', range, '--config-from', base], commits: [] };
  }
  if (event.pull_request) {
    const { base, head } = event.pull_request;
    return { args: ['--range', `${base.sha}..${head.sha}`, '--config-from', base.sha], commits: [base.sha, head.sha] };
  }
  const { before = '', after = '' } = event;
  // A deleted branch brings nothing in; a new one has no commit before it.
  if (!noCommit.test(after) && !noCommit.test(before)) {
    return { args: ['--range', `${before}..${after}`, '--config-from', before], commits: [before, after] };
  }
  return { args: ['.'], commits: [] };
}
