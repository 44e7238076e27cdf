// What a finder of the vault's values answers. The patterns' scanner knows no more of it.

export interface ExactMatch {
  readonly start: number;
  readonly end: number;
  /** The `zvault://` reference of the value. */
  readonly reference: string;
  /** How the value is written there; absent when verbatim. */
  readonly encoding?: string | undefined;
}

export interface ExactFinder {
  /** Matches in order of position, without overlap. */
  find(text: Buffer): ExactMatch[];
}
