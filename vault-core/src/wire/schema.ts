// JSON Schema (2020-12, as OpenAPI 3.1 uses it) with the TypeScript type of what it describes, written once. The objects are
// plain JSON Schemas; the type rides along without existing at run time.

declare const described: unique symbol;
declare const optionalMark: unique symbol;

/** A JSON Schema whose instances are `T`. */
export interface Schema<T> {
  readonly [keyword: string]: unknown;
  readonly [described]?: T;
}
/** A property that may be absent. */
export interface OptionalSchema<T> extends Schema<T> {
  readonly [optionalMark]?: true;
}

/** The type that a schema describes. */
export type Infer<S> = S extends Schema<infer T> ? T : never;

type Shape = Readonly<Record<string, Schema<unknown>>>;
type OptionalKeys<P extends Shape> = {
  [K in keyof P]: P[K] extends { readonly [optionalMark]?: true } ? K : never;
}[keyof P];
type Properties<P extends Shape> = { [K in Exclude<keyof P, OptionalKeys<P>>]: Infer<P[K]> } & {
  [K in OptionalKeys<P>]?: Infer<P[K]>;
};
type Flat<T> = { [K in keyof T]: T[K] };

interface Notes {
  readonly description?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
}

const optionals = new WeakSet<object>();

export function string(notes: Notes = {}): Schema<string> {
  return { type: 'string', ...notes };
}

export function integer(notes: Notes = {}): Schema<number> {
  return { type: 'integer', ...notes };
}

export function boolean(notes: Notes = {}): Schema<boolean> {
  return { type: 'boolean', ...notes };
}

export function literal<const T extends readonly (string | number | boolean)[]>(
  values: T,
  notes: Notes = {},
): Schema<T[number]> {
  return { enum: values, ...notes };
}

export function nullable<T>(schema: Schema<T>): Schema<T | null> {
  const { type } = schema;
  return typeof type === 'string' ? { ...schema, type: [type, 'null'] } : { anyOf: [schema, { type: 'null' }] };
}

export function array<T>(items: Schema<T>, notes: Notes = {}): Schema<T[]> {
  return { type: 'array', items, ...notes };
}

export function mapOf<T>(values: Schema<T>, notes: Notes = {}): Schema<Record<string, T>> {
  return { type: 'object', additionalProperties: values, ...notes };
}

export function anyOf<const S extends readonly Schema<unknown>[]>(...schemas: S): Schema<Infer<S[number]>> {
  return { anyOf: schemas };
}

export function optional<T>(schema: Schema<T>): OptionalSchema<T> {
  const copy = { ...schema };
  optionals.add(copy);
  return copy;
}

/** An object. Unknown properties are ignored, as the wire contract says. */
export function object<const P extends Shape>(properties: P, notes: Notes = {}): Schema<Flat<Properties<P>>> {
  const required = Object.keys(properties).filter((name) => !optionals.has(properties[name] ?? {}));
  return { type: 'object', properties, ...(required.length === 0 ? {} : { required }), ...notes };
}

/** The same schema under a name of its own in the OpenAPI document's components. */
export function named<T>(name: string, schema: Schema<T>): Schema<T> {
  return { $id: name, ...schema };
}
