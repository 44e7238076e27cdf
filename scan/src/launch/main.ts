#!/usr/bin/env node
// The scanner as a program of its own: what the pre-commit hook runs.

import { homedir } from 'node:os';
import { load } from '../start.ts';

const { env, platform } = process;
load(process.argv.slice(2), { env, platform, homeDir: env['HOME'] || homedir() }).main();
