// Stands in for undici in the bundle. The toolkit's http client loads it for one method, which makes a dispatcher for `fetch`; nothing
// here calls it. undici itself would be 96 % of the bundle and half of its start.

export function ProxyAgent(): never {
  throw new Error('undici is not in this bundle');
}
