// The grammar of the files behind GITHUB_ENV, GITHUB_OUTPUT and GITHUB_STATE: `NAME=VALUE` lines and `NAME<<delimiter` blocks. What stands
// before an error is applied.
//
// Source: actions/runner, src/Runner.Worker/FileCommandManager.cs.

export interface ParsedFile {
  readonly pairs: readonly (readonly [name: string, value: string])[];
  readonly error?: string;
}

export function parseRunnerFile(text: string): ParsedFile {
  const pairs: [string, string][] = [];
  let index = 0;
  const readLine = (): { line: string; end: number } | undefined => {
    if (index >= text.length) return undefined;
    const start = index;
    const lf = text.indexOf('\n', index);
    index = lf === -1 ? text.length : lf + 1;
    return { line: text.slice(start, lf === -1 ? text.length : lf), end: lf === -1 ? text.length : lf };
  };
  for (let one = readLine(); one !== undefined; one = readLine()) {
    const { line } = one;
    if (line === '') continue;
    const equals = line.indexOf('=');
    const heredoc = line.indexOf('<<');
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      pairs.push([line.slice(0, equals), line.slice(equals + 1)]);
    } else if (heredoc >= 0) {
      const [name, delimiter] = [line.slice(0, heredoc), line.slice(heredoc + 2)];
      if (name === '' || delimiter === '') return { pairs, error: 'a name or delimiter is empty' };
      const start = index;
      let end = start;
      for (let next = readLine(); ; next = readLine()) {
        if (next === undefined) return { pairs, error: `the delimiter of ${name} is not found` };
        if (next.line === delimiter) break;
        end = next.end;
      }
      pairs.push([name, text.slice(start, end)]);
    } else return { pairs, error: 'a line is neither NAME=VALUE nor NAME<<delimiter' };
  }
  return { pairs };
}
