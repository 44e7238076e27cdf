// Reads request bodies: bounded in size and time, strict about UTF-8, JSON and shape.

import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { ZvaultError, isZvaultError } from '../../domain/errors.ts';
import type { ServedRoute } from '../../wire/route.ts';

const defaultMaxBodyBytes = 2_097_152;
/** Of a body that may be larger than usual. */
const leastBytesPerSecond = 16_384;

interface SchemaError {
  readonly instancePath: string;
  readonly message?: string;
}
type Validator = ((data: unknown) => boolean) & { errors?: readonly SchemaError[] | null };

/** Loaded with the first body: eighty kilobytes that a start need not wait for. By route. */
let validators: Readonly<Record<string, Validator | undefined>> | undefined;

async function loadValidators(): Promise<Readonly<Record<string, Validator | undefined>>> {
  return (await import('../../wire/validators.generated.ts')).bodyValidators;
}

/**
 * The parsed and validated body of a request, or its text where the route takes that. A body of usual size must be whole after `slowMs`; a larger one must keep pace.
 * @throws PAYLOAD_TOO_LARGE, REQUEST_TIMEOUT, UNSUPPORTED_MEDIA_TYPE, BAD_REQUEST (not UTF-8, not JSON), UNPROCESSABLE
 */
export async function readBody(request: IncomingMessage, route: ServedRoute, slowMs: number): Promise<unknown> {
  const bytes = await readBytes(request, route.maxBodyBytes ?? defaultMaxBodyBytes, slowMs);
  const parse = route.form ? parseForm : parseJson;
  const { text, value } =
    bytes.length === 0 && route.bodyRequired === false
      ? { text: '{}', value: {} }
      : parse(bytes, request.headers['content-type']);
  bytes.fill(0);
  if (route.bodyAsText) return text;
  const validate = (validators ??= await loadValidators())[route.id];
  if (validate && !validate(value)) {
    const [problem] = validate.errors ?? [];
    const place = problem?.instancePath ? `${problem.instancePath} ` : '';
    throw new ZvaultError('UNPROCESSABLE', `the body has the wrong shape: ${place}${problem?.message ?? ''}`.trim());
  }
  return value;
}

/** True for a body that the route's handler reads itself. */
export function isBinary({ headers }: IncomingMessage, { binaryBody }: ServedRoute): boolean {
  return binaryBody === true && mediaType(headers['content-type']) === 'application/octet-stream';
}

/**
 * A body of any size, as it comes. The reader may take its time; whoever sends must keep pace.
 * @throws REQUEST_TIMEOUT, BAD_REQUEST (the connection ended before the body did)
 */
export async function* streamBody(request: IncomingMessage, slowMs: number): AsyncGenerator<Buffer> {
  const leastBytesPerPeriod = leastBytesPerSecond * (slowMs / 1000);
  // What is left is dropped, not the connection: the answer still goes over it.
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  let waitedMs = 0;
  let size = 0;
  try {
    for (;;) {
      const startedMs = performance.now();
      const { value, done } = await within(chunks.next(), slowMs);
      if (done) break;
      // Only time that is spent waiting for the sender counts.
      waitedMs += performance.now() - startedMs;
      size += value.length;
      if (waitedMs > slowMs) {
        if (size < leastBytesPerPeriod) throw tooSlow();
        waitedMs = 0;
        size = 0;
      }
      yield value;
    }
    if (!request.complete) throw endedEarly();
  } catch (error) {
    throw isZvaultError(error) ? error : endedEarly(error);
  } finally {
    request.resume();
  }
}

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(tooSlow()), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function tooSlow(): ZvaultError {
  return new ZvaultError('REQUEST_TIMEOUT', 'the body came too slowly');
}

function endedEarly(cause?: unknown): ZvaultError {
  return new ZvaultError('BAD_REQUEST', 'the connection ended before the body did', { cause });
}

function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function readBytes(request: IncomingMessage, maxBytes: number, slowMs: number): Promise<Buffer> {
  const leastBytesPerPeriod = leastBytesPerSecond * (slowMs / 1000);
  const tooLarge = (): ZvaultError => new ZvaultError('PAYLOAD_TOO_LARGE', `the body has more than ${maxBytes} bytes`);
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  // No body at all (RFC 9112 §6.3): with `optimizeEmptyRequests` nothing would tell its end.
  if (length === undefined && coding === undefined) return Promise.resolve(Buffer.alloc(0));
  if (Number(length ?? 0) > maxBytes) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let sizeAtCheck = 0;
    const timer = setInterval(() => {
      if (maxBytes > defaultMaxBodyBytes && size - sizeAtCheck >= leastBytesPerPeriod) sizeAtCheck = size;
      else finish(tooSlow());
    }, slowMs);
    const finish = (error?: Error): void => {
      clearInterval(timer);
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      if (!error) return resolve(Buffer.concat(chunks, size));
      // What still comes is dropped; the connection closes after the answer.
      request.resume();
      reject(error);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > maxBytes) finish(tooLarge());
      else chunks.push(chunk);
    };
    const onEnd = (): void => finish();
    const onClose = (): void => finish(endedEarly());
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

/** A form's type, or none, is taken too if the text is JSON: the documentation of other servers calls curl so. */
function parseJson(bytes: Buffer, contentType: string | undefined): { text: string; value: unknown } {
  const type = mediaType(contentType);
  const isJson = /^application\/(?:[\w.!#$&^+-]+\+)?json$/.test(type);
  const lenient = type === '' || type === 'application/x-www-form-urlencoded';
  if (!isJson && !lenient) throw new ZvaultError('UNSUPPORTED_MEDIA_TYPE', 'the body must be application/json');
  if (!isUtf8(bytes)) throw new ZvaultError('BAD_REQUEST', 'the body is not valid UTF-8');
  try {
    const text = bytes.toString();
    return { text, value: JSON.parse(text) as unknown };
  } catch {
    if (!isJson) throw new ZvaultError('UNSUPPORTED_MEDIA_TYPE', 'the body must be application/json');
    // The parser's message would quote the text.
    throw new ZvaultError('BAD_REQUEST', 'the body is not valid JSON');
  }
}

/** The fields of an HTML form. @throws BAD_REQUEST when one comes twice: two readers could take different ones */
function parseForm(bytes: Buffer, contentType: string | undefined): { text: string; value: unknown } {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type !== 'application/x-www-form-urlencoded') {
    throw new ZvaultError('UNSUPPORTED_MEDIA_TYPE', 'the body must be an HTML form');
  }
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  const text = bytes.toString();
  for (const [name, value] of new URLSearchParams(text)) {
    if (name in fields) throw new ZvaultError('BAD_REQUEST', `the form has the field "${name.slice(0, 40)}" twice`);
    fields[name] = value;
  }
  return { text, value: fields };
}
