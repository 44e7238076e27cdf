// A thread of the scanner: the same program, with the code that V8 has kept of the main thread's runs.

import { load } from '../start.ts';
import { launchHost } from './host.ts';

void load([], launchHost(), false).work();
