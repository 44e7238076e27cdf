// Events that run with the repository's secrets although what started them is somebody else's: the usual way in which secrets of a
// public repository are stolen. Source: https://docs.github.com/actions/reference/security/secure-use

interface Payload {
  readonly pull_request?: { readonly head?: Side; readonly base?: Side };
  readonly workflow_run?: { readonly head_repository?: { readonly full_name?: string } | null };
  readonly repository?: { readonly full_name?: string };
  readonly issue?: { readonly pull_request?: unknown };
}

interface Side {
  readonly repo?: { readonly full_name?: string } | null;
}

/** Says why an event is not to be trusted with secrets; undefined for those that are. */
export function distrust(event: string | undefined, payload: Payload): string | undefined {
  switch (event) {
    case 'pull_request_target': {
      const { head, base } = payload.pull_request ?? {};
      return head?.repo?.full_name !== base?.repo?.full_name ? 'pull_request_target from a fork' : undefined;
    }
    case 'workflow_run':
      return payload.workflow_run?.head_repository?.full_name !== payload.repository?.full_name
        ? 'workflow_run after a workflow of a fork'
        : undefined;
    case 'issue_comment':
      return payload.issue?.pull_request === undefined
        ? undefined
        : 'a comment on a pull request, which may be of a fork';
    default:
      return undefined;
  }
}
