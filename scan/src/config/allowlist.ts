// Lists of what is not reported, as gitleaks has them; our own rules' `allow` becomes one, too.

/** What is not reported. All kinds of conditions that are given must hold (`AND`), or one of them. */
export interface Allowlist {
  readonly condition: 'AND' | 'OR';
  readonly regexes: readonly string[];
  readonly regexTarget: 'secret' | 'match' | 'line';
  readonly paths: readonly string[];
  readonly stopwords: readonly string[];
  /** Only for findings of these rules. */
  readonly rules?: readonly string[] | undefined;
}

/** True if the allow list covers the finding. */
export function allowlistCovers(
  list: Allowlist,
  finding: {
    readonly path: string;
    readonly secret: string;
    readonly match: string;
    readonly line: string;
    readonly rule: string;
  },
): boolean {
  if (list.rules !== undefined && list.rules.length > 0 && !list.rules.includes(finding.rule)) return false;
  const target =
    list.regexTarget === 'line' ? finding.line : list.regexTarget === 'match' ? finding.match : finding.secret;
  const conditions: boolean[] = [];
  if (list.paths.length > 0) conditions.push(list.paths.some((path) => compiled(path).test(finding.path)));
  if (list.regexes.length > 0) conditions.push(list.regexes.some((pattern) => compiled(pattern).test(target)));
  if (list.stopwords.length > 0)
    conditions.push(list.stopwords.some((word) => finding.secret.toLowerCase().includes(word.toLowerCase())));
  if (conditions.length === 0) return false;
  return list.condition === 'AND' ? conditions.every(Boolean) : conditions.some(Boolean);
}

const patterns = new Map<string, RegExp>();

function compiled(source: string): RegExp {
  let pattern = patterns.get(source);
  if (pattern === undefined) {
    pattern = new RegExp(source);
    patterns.set(source, pattern);
  }
  return pattern;
}
