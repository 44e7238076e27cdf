// Patterns in the syntax of .gitignore.

/** Compiles patterns; later ones win, `!` takes back. @returns true for paths (with `/` at the end for folders) that are left out */
export function compileIgnore(patterns: readonly string[]): (path: string) => boolean {
  const compiled = patterns.flatMap((line) => {
    const text = line.replace(/(?<!\\)\s+$/, '');
    if (text === '' || text.startsWith('#')) return [];
    const negated = text.startsWith('!');
    return [{ negated, pattern: globToRegExp(negated ? text.slice(1) : text) }];
  });
  return (path) => {
    let ignored = false;
    for (const { negated, pattern } of compiled) if (pattern.test(path)) ignored = !negated;
    return ignored;
  };
}

function globToRegExp(glob: string): RegExp {
  const folderOnly = glob.endsWith('/');
  const body = folderOnly ? glob.slice(0, -1) : glob;
  const anchored = body.includes('/');
  const source = body.replace(/^\//, '');
  let pattern = '';
  for (let i = 0; i < source.length; i++) {
    const letter = source[i] ?? '';
    if (source.startsWith('**/', i) && (i === 0 || source[i - 1] === '/')) {
      pattern += '(?:.*/)?';
      i += 2;
    } else if (source.startsWith('**', i) && i + 2 === source.length) {
      pattern += '.*';
      i += 1;
    } else if (letter === '*') pattern += '[^/]*';
    else if (letter === '?') pattern += '[^/]';
    else if (letter === '[') {
      const end = source.indexOf(']', i + 2);
      if (end === -1) pattern += '\\[';
      else {
        pattern += `[${source
          .slice(i + 1, end)
          .replace(/^!/, '^')
          .replace(/\\/g, '\\\\')}]`;
        i = end;
      }
    } else if (letter === '\\' && i + 1 < source.length) {
      i += 1;
      pattern += escapeRegExp(source[i] ?? '');
    } else pattern += escapeRegExp(letter);
  }
  return new RegExp(`${anchored ? '^' : '(?:^|/)'}${pattern}${folderOnly ? '/' : '(?:/|$)'}`);
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
