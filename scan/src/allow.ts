// Comments that allow a finding on their line, or on the line below if they stand on a line without findings of its own.

const comment = /zvault:allow(?:\[([^\]\n]{0,200})\])?|gitleaks:allow|pragma:\s{0,3}allowlist[ -]secret/;

/** True if the line has a comment that allows the rule. */
export function allowsOn(line: string, rule: string): boolean {
  const found = comment.exec(line);
  if (found === null) return false;
  const named = found[1];
  return named === undefined || named.split(',').some((name) => name.trim() === rule);
}
