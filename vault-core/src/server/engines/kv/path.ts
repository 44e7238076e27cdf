// Paths of KV secrets (contract 1.9).

/** Segments that are not empty. */
const maxSegments = 10;
const maxPathLength = 1024;

/** What is wrong with the path of a secret, or `undefined`. */
export function pathProblem(path: string): string | undefined {
  return path === '' ? 'the path must not be empty' : prefixProblem(path);
}

/** What is wrong with a prefix of paths, or `undefined`. Empty: everything. */
export function prefixProblem(prefix: string): string | undefined {
  if (!/^[A-Za-z0-9_/-]*$/.test(prefix)) return 'a path takes letters, digits, "_", "-" and "/"';
  if (prefix.length > maxPathLength) return `a path must have at most ${maxPathLength} characters`;
  if (prefix.split('/').filter((segment) => segment !== '').length > maxSegments)
    return `a path must have at most ${maxSegments} segments`;
  return undefined;
}
