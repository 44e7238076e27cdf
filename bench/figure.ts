export interface Figure {
  readonly name: string;
  readonly value: number;
  /** `×` for ratios, else the unit. */
  readonly unit: string;
  /** `<2.5` or `>0.7`. */
  readonly bound?: string;
  readonly detail?: string;
}

export interface Bench {
  readonly summary: string;
  readonly run: () => Promise<Figure[]>;
}

/** Of an unsorted list. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
