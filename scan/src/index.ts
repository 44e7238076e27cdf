// What other packages use of the scanner: the command and its options. The rest is loaded when a scan begins.

export { type OptionSpec, scanOptions } from './options.ts';
export { runScan } from './start.ts';
