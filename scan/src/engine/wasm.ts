// A small assembler for WebAssembly: loops over text are written out opcode by opcode. In a process that lives for 50 ms what counts is
// that they run compiled at once, where JavaScript begins interpreted.

export const op = {
  block: [0x02, 0x40],
  loop: [0x03, 0x40],
  end: [0x0b],
  if: [0x04, 0x40],
  else: [0x05],
  brIf: (depth: number) => [0x0d, depth],
  br: (depth: number) => [0x0c, depth],
  return: [0x0f],
  call: (index: number) => [0x10, index],
  get: (local: number) => [0x20, local],
  set: (local: number) => [0x21, local],
  tee: (local: number) => [0x22, local],
  load: (offset: number) => [0x28, 0, ...unsigned(offset)],
  loadShort: (offset: number) => [0x2f, 0, ...unsigned(offset)],
  loadByte: (offset: number) => [0x2d, 0, ...unsigned(offset)],
  store: (offset: number) => [0x36, 0, ...unsigned(offset)],
  constant: (value: number) => [0x41, ...signed(value)],
  isZero: [0x45],
  equal: [0x46],
  notEqual: [0x47],
  greaterUnsigned: [0x4b],
  greaterOrEqualUnsigned: [0x4f],
  lessUnsigned: [0x49],
  add: [0x6a],
  subtract: [0x6b],
  multiply: [0x6c],
  and: [0x71],
  or: [0x72],
  exclusiveOr: [0x73],
  shiftRightUnsigned: [0x76],
};

/** A function of 32-bit integers that returns one; its locals are numbered from behind its parameters. */
export interface WasmFunction {
  readonly params: number;
  readonly locals: number;
  readonly body: readonly number[];
}

/** A module that exports its first function as `scan`, and imports its memory. The others are called by their place. */
export function moduleOf(...functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const i32 = 0x7f;
  const count = functions.length;
  const types = functions.flatMap(({ params }) => [0x60, params, ...Array.from({ length: params }, () => i32), 1, i32]);
  const bodies = functions.flatMap(({ locals, body }) => {
    const code = [1, locals, i32, ...body, ...op.end];
    return [...unsigned(code.length), ...code];
  });
  return Uint8Array.from([
    0x00,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...section(1, [count, ...types]),
    ...section(2, [1, ...name('env'), ...name('memory'), 0x02, 0x00, 1]),
    ...section(3, [count, ...functions.keys()]),
    ...section(7, [1, ...name('scan'), 0, 0]),
    ...section(10, [count, ...bodies]),
  ]);
}

export interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
/** The parts of WebAssembly in use; the type library of Node does not declare them. */
interface WebAssemblyApi {
  Memory: new (options: { initial: number }) => Memory;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
}
const wasm = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;

export const pageBytes = 1 << 16;

export function newMemory(bytes: number): Memory {
  return new wasm.Memory({ initial: Math.ceil(bytes / pageBytes) });
}

/** The function of a module of `moduleOf`. */
export function instantiate(program: Uint8Array, memory: Memory): unknown {
  return new wasm.Instance(new wasm.Module(program), { env: { memory } }).exports['scan'];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function name(value: string): number[] {
  return [value.length, ...Buffer.from(value, 'latin1')];
}

/** LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0)) return [...bytes, byte];
    bytes.push(byte | 0x80);
  }
}
