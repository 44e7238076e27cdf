// The WebAssembly programs. To write them out takes a millisecond, so the build puts their bytes here instead (build.ts).

import { filterModule } from './engine/wasm-filter.ts';
import { sieveModule } from './exact/wasm-sieve.ts';

export const filterProgram: Uint8Array = filterModule();
export const sieveProgram: Uint8Array = sieveModule();
