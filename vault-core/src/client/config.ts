// Typed configuration from secrets: say once what each key holds, get an object of those types, or every problem at once, by
// name and without values.

import { ZvaultError } from '../domain/errors.ts';
import { Secret } from '../domain/secret.ts';

interface Types {
  string: string;
  /** A whole number that JavaScript holds exactly. */
  integer: number;
  /** A decimal number. */
  number: number;
  /** `true`, `1`, `yes`, `on`, or `false`, `0`, `no`, `off`, in any case. */
  boolean: boolean;
  /** Text that is a URL with a scheme. */
  url: string;
  /** 1 to 65535. */
  port: number;
  json: unknown;
  /** Text as a `Secret`, which prints as `[redacted]`. */
  secret: Secret;
}

/** What a key may hold. */
export type ConfigType = keyof Types;

/** What one key of a configuration is: a type's name, or what `optional`, `withDefault` and `oneOf` make. */
export interface ConfigField<T> {
  readonly parse: (text: string) => T;
  readonly expected: string;
  /** What stands for an absent key; without it the key is required. */
  readonly absent?: { readonly value: T };
}

type Field = ConfigType | ConfigField<unknown>;
type TypeOf<F extends Field> = F extends ConfigType ? Types[F] : F extends ConfigField<infer T> ? T : never;
type Flat<T> = { [K in keyof T]: T[K] };

export type ConfigSchema = Readonly<Record<string, Field>>;
/** The object that a schema describes. */
export type ConfigOf<S extends ConfigSchema> = Flat<{ readonly [K in keyof S]: TypeOf<S[K]> }>;

export interface ConfigDefinition<S extends ConfigSchema> {
  readonly schema: S;
  /** @throws CONFIG_INVALID that names every key which is missing or does not fit */
  parse(source: ConfigSource): ConfigOf<S>;
}

/** Secrets, a Map, or anything else that finds a text by its key; or a plain object such as `process.env`. */
export type ConfigSource = { get(key: string): string | undefined } | Readonly<Record<string, string | undefined>>;

/**
 * Describes a configuration.
 * `defineConfig({ PORT: 'port', DATABASE_URL: 'url', DEBUG: optional('boolean') })`
 */
export function defineConfig<const S extends ConfigSchema>(schema: S): ConfigDefinition<S> {
  const fields = Object.entries(schema).map(([name, field]) => [name, fieldOf(field)] as const);
  return {
    schema,
    parse(source) {
      const problems: string[] = [];
      const config: Record<string, unknown> = {};
      for (const [name, field] of fields) {
        const text = find(source, name);
        if (text === undefined) {
          if (field.absent === undefined) problems.push(`${name} is missing`);
          else config[name] = field.absent.value;
          continue;
        }
        try {
          config[name] = field.parse(text);
        } catch {
          problems.push(`${name} is not ${field.expected}`);
        }
      }
      if (problems.length > 0) {
        throw new ZvaultError('CONFIG_INVALID', `the configuration is not usable: ${problems.join('; ')}`, {
          details: { problems },
        });
      }
      return Object.freeze(hideFromPrinting(config)) as ConfigOf<S>;
    },
  };
}

/** A key that may be absent. */
export function optional<const F extends Field>(field: F): ConfigField<TypeOf<F> | undefined> {
  return { ...(fieldOf(field) as ConfigField<TypeOf<F>>), absent: { value: undefined } };
}

/** A key that has a value of its own when it is absent. */
export function withDefault<const F extends Field>(field: F, value: TypeOf<F>): ConfigField<TypeOf<F>> {
  return { ...(fieldOf(field) as ConfigField<TypeOf<F>>), absent: { value } };
}

/** A key that holds one of these texts. */
export function oneOf<const T extends readonly string[]>(...texts: T): ConfigField<T[number]> {
  return {
    expected: `one of ${texts.join(', ')}`,
    parse: (text) => texts.find((known) => known === text) ?? mismatch(),
  };
}

const parsers: { readonly [T in ConfigType]: ConfigField<Types[T]> } = {
  string: { expected: 'a text', parse: (text) => text },
  integer: {
    expected: 'a whole number',
    parse: (text) => (/^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : mismatch()),
  },
  number: {
    expected: 'a number',
    parse: (text) => (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? finite(Number(text)) : mismatch()),
  },
  boolean: { expected: 'true or false', parse: parseBoolean },
  url: {
    expected: 'a URL',
    parse: (text) => (/^[a-z][a-z0-9+.-]*:/i.test(text) && URL.canParse(text) ? text : mismatch()),
  },
  port: {
    expected: 'a port (1 to 65535)',
    parse: (text) =>
      /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535 ? Number(text) : mismatch(),
  },
  json: { expected: 'JSON', parse: (text) => JSON.parse(text) as unknown },
  secret: { expected: 'a text', parse: (text) => new Secret(text) },
};

function fieldOf(field: Field): ConfigField<unknown> {
  return typeof field === 'string' ? parsers[field] : field;
}

function find(source: ConfigSource, name: string): string | undefined {
  if (typeof source.get === 'function') return (source as { get(key: string): string | undefined }).get(name);
  return Object.hasOwn(source, name) ? (source as Readonly<Record<string, string | undefined>>)[name] : undefined;
}

function parseBoolean(text: string): boolean {
  const lower = text.toLowerCase();
  if (['true', '1', 'yes', 'on'].includes(lower)) return true;
  return ['false', '0', 'no', 'off'].includes(lower) ? false : mismatch();
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : mismatch();
}

function mismatch(): never {
  throw new TypeError('does not fit');
}

/** The object's own keys stay as they are; console and JSON see the names only. */
function hideFromPrinting(config: Record<string, unknown>): Record<string, unknown> {
  const redacted = (): Record<string, string> =>
    Object.fromEntries(Object.keys(config).map((name) => [name, '[redacted]']));
  const hidden = { value: redacted, enumerable: false };
  return Object.defineProperties(config, { toJSON: hidden, [Symbol.for('nodejs.util.inspect.custom')]: hidden });
}
