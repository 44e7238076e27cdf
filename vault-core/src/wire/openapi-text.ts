// The document as text. In a module of its own, so that it is loaded when somebody asks for it.

import document from './openapi.generated.json' with { type: 'json' };

let text: string | undefined;

export function openApiText(): string {
  return (text ??= JSON.stringify(document));
}
