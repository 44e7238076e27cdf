// What rests in a file of its own beside the bundles (start.ts): all of the scanner.

export { runScan } from './command.ts';
export { main } from './main.ts';
export { withUsualFlags } from './v8-flags.ts';

/** What a thread does. */
export async function work(): Promise<void> {
  const worker = await import('./worker.ts');
  worker.work();
}
