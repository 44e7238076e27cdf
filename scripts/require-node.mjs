// Plain JavaScript that old versions of Node parse too: says in one line what is missing, instead of a syntax error later.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  console.error(
    `zvault: error: Node ${process.versions.node} runs here, but 24.12 or newer is needed (NODE_TOO_OLD)\n` +
      'zvault: hint: run "npm ci" without --omit=optional (it brings Node 24 on Linux, Windows and Intel Macs), or install Node 24',
  );
  process.exit(1);
}
