#!/usr/bin/env -S node --
// The "--" keeps Node from taking our --env-file for its own: it looks for it among a script's arguments too, obeys the NODE_OPTIONS in
// that file, and ends when the file is missing. (BusyBox's env has no -S: there, install coreutils, or run `node -- zvault.cjs`.)
// The launcher. Plain old JavaScript, so that a Node that is too old says so in one line instead of a syntax error. It runs the bundle
// with V8's code cache of the last run of the same command: a third of a short command's time would be compiling. (Node's own compile
// cache holds only what is compiled at load, not the functions that a run then needs.)
'use strict';

var fs = require('node:fs');
var path = require('node:path');

// Commands with a bundle of their own, without the others (scripts/build.ts).
var ownBundle = ['dev', 'run'];
// With all of these set, no file is asked where the vault is.
var scanSettings = ['ZVAULT_URL', 'ZVAULT_TOKEN', 'ZVAULT_ORG', 'ZVAULT_PROJECT', 'ZVAULT_ENV'];

// As in scan/src/code-cache.ts.
var longUnusedMs = 30 * 24 * 60 * 60 * 1000;

var version = process.versions.node.split('.').map(Number);
if (version[0] < 24 || (version[0] === 24 && version[1] < 12)) runWithNewerNode();
else runBundle();

// `npm ci` brings a Node with it (an optional dependency of the workspace), which is first in PATH for npm and npx only.
function runWithNewerNode() {
  var newer = nodeOfInstallation(__dirname);
  if (newer === undefined) {
    process.stderr.write(
      'zvault: error: Node ' +
        process.versions.node +
        ' runs here, but 24.12 or newer is needed (NODE_TOO_OLD)\n' +
        'zvault: hint: install Node 24, or put it first in PATH\n',
    );
    process.exit(2);
  }
  var child = require('node:child_process').spawn(newer, ['--', __filename].concat(process.argv.slice(2)), {
    stdio: 'inherit',
  });
  ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR2'].forEach(function (signal) {
    process.on(signal, function () {
      // What is typed at a terminal reaches the whole group by itself.
      if (!process.stdin.isTTY || (signal !== 'SIGINT' && signal !== 'SIGQUIT')) child.kill(signal);
    });
  });
  child.on('exit', function (code, signal) {
    process.exit(signal === null ? code : 128 + require('node:os').constants.signals[signal]);
  });
}

function nodeOfInstallation(folder) {
  var found = path.join(folder, 'node_modules', '.bin', 'node');
  // A Node that is too old itself must not start itself for ever.
  if (fs.existsSync(found) && fs.realpathSync(found) !== fs.realpathSync(process.execPath)) return found;
  var parent = path.dirname(folder);
  return parent === folder ? undefined : nodeOfInstallation(parent);
}

function runBundle() {
  if (isPlainScan(process.argv.slice(2))) {
    // A hook waits for it: the scanner alone, without the rest of the command.
    process.argv.splice(2, 1);
    require('../dist/scan/scan.cjs');
    return;
  }
  var name = ownBundle.indexOf(process.argv[2]) === -1 ? 'zvault' : process.argv[2];
  var bundle = path.join(__dirname, '..', 'dist', name + '.cjs');
  // The bundle is ASCII; read so, it needs no decoding.
  run(bundle, fs.readFileSync(bundle, 'latin1'));
}

// What the scanner's own program does as well: no help of ours, and no settings that are found elsewhere than in the environment.
function isPlainScan(words) {
  if (words[0] !== 'scan' || words.indexOf('--help') !== -1 || words.indexOf('-h') !== -1) return false;
  var asksForVault = words.some(function (word) {
    return /^--(?:vault|explain-index)(?:=|$)/.test(word);
  });
  return (
    !asksForVault ||
    scanSettings.every(function (name) {
      return process.env[name];
    })
  );
}

function run(bundle, source) {
  var vm = require('node:vm');
  var Module = require('node:module');
  // The first line is a comment with the digest of the rest: V8 itself would take a cache for any source of the same length.
  var digest = /^\/\/ ([0-9a-f]{16})\n/.exec(source);
  var name = digest && cacheName(digest[1]);
  // Beside the bundle is what the build made (scripts/build.ts); else, or for another Node, this user has a cache of his own.
  var built = name && read(path.join(path.dirname(bundle), '.cache', 'zvault', name));
  var script = built && compile(built);
  if (!script || script.cachedDataRejected) {
    var folder = name && cacheFolder();
    script = compile(folder && read(path.join(folder, name)));
    if (folder && script.cachedDataRejected !== false) writeOnce(path.join(folder, name), script);
  }
  var entry = new Module(bundle, null);
  entry.filename = bundle;
  script.runInThisContext()(entry.exports, Module.createRequire(bundle), entry, bundle, path.dirname(bundle));

  function compile(cachedData) {
    return new vm.Script(Module.wrap(source), { filename: bundle, cachedData: cachedData || undefined });
  }
}

function cacheName(digest) {
  var command = /^[a-z][a-z-]*$/.test(process.argv[2] || '') ? process.argv[2] : 'zvault';
  return command + '-' + digest + '-' + process.version + '-' + process.arch + '.cache';
}

// What the cache holds will run: it goes to a folder that is this user's alone, never to a shared one like /tmp. Without such a folder
// the start is slower, and that is all.
function cacheFolder() {
  try {
    var home = process.env.HOME || require('node:os').homedir();
    var base = process.env.XDG_CACHE_HOME;
    if (!base || !path.isAbsolute(base)) base = path.join(home, '.cache');
    // Run with another user's HOME (sudo -E), a folder made here would lock that user out of it.
    if (process.getuid && fs.statSync(home).uid !== process.getuid()) return undefined;
    var folder = path.join(base, 'zvault');
    fs.mkdirSync(folder, { recursive: true, mode: 448 /* 0700 */ });
    var found = fs.lstatSync(folder);
    if (!found.isDirectory()) return undefined;
    if (process.getuid && (found.uid !== process.getuid() || (found.mode & 63) !== 0)) return undefined;
    return folder;
  } catch {
    return undefined;
  }
}

function read(file) {
  try {
    return fs.readFileSync(file);
  } catch {
    return undefined;
  }
}

// At the end of a short command. A long one drops the code of its start while it runs, so there it is written after a second.
function writeOnce(file, script) {
  var timer = setTimeout(save, 1000);
  timer.unref();
  process.once('exit', save);
  function save() {
    clearTimeout(timer);
    process.removeListener('exit', save);
    write(file, script);
  }
}

// Written beside its place and moved there, so that nobody reads half of it. Old ones go, whatever their version: of two that are in use
// neither may take the other's. Who still needs one writes it again.
function write(file, script) {
  try {
    var own = file + '.' + process.pid;
    fs.writeFileSync(own, script.createCachedData(), { mode: 384 /* 0600 */ });
    fs.renameSync(own, file);
    var folder = path.dirname(file);
    fs.readdirSync(folder).forEach(function (name) {
      var other = path.join(folder, name);
      if (/-[0-9a-f]{16}-v.*\.cache$/.test(name) && Date.now() - fs.statSync(other).mtimeMs > longUnusedMs)
        fs.unlinkSync(other);
    });
  } catch {
    // No cache, then.
  }
}
