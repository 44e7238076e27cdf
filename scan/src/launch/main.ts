#!/usr/bin/env node
// The scanner as a program of its own: what the pre-commit hook runs.

import { load } from '../start.ts';
import { launchHost } from './host.ts';

load(process.argv.slice(2), launchHost()).main();
