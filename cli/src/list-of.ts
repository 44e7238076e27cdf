/** The words of an option that takes several, divided by commas. Empty ones are left out. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
