// The tree of commands as completion scripts need it, taken from commander's.

import type { Command, Option } from 'commander';

interface CompletionOption {
  /** `--env`. */
  readonly flag: string;
  readonly description: string;
  /** What follows it: nothing, a file, one of some words, or text that cannot be guessed. */
  readonly value: 'none' | 'file' | 'text' | readonly string[];
}

export interface CompletionNode {
  /** The words that lead here: `['zvault', 'cloud', 'get']`. */
  readonly path: readonly string[];
  readonly summary: string;
  readonly options: readonly CompletionOption[];
  readonly children: readonly CompletionNode[];
}

/** Words and flags are letters, digits and dashes: they need no quoting in any shell. */
export function completionTree(command: Command, parents: readonly string[] = []): CompletionNode {
  const path = [...parents, command.name()];
  const help = command.createHelp();
  return {
    path,
    summary: command.summary(),
    options: help.visibleOptions(command).flatMap(completionOption),
    children: help.visibleCommands(command).map((child) => completionTree(child, path)),
  };
}

/** All nodes of the tree, parents first. */
export function allNodes(node: CompletionNode): CompletionNode[] {
  return [node, ...node.children.flatMap(allNodes)];
}

function completionOption(option: Option): CompletionOption[] {
  if (option.long == null) return [];
  return [{ flag: option.long, description: option.description, value: valueOf(option) }];
}

function valueOf(option: Option): CompletionOption['value'] {
  if (!option.required && !option.optional) return 'none';
  const { words } = (option.parseArg ?? {}) as { words?: readonly string[] };
  if (words !== undefined) return words;
  return /[<[](file|file:path|path)[\]>]/.test(option.flags) ? 'file' : 'text';
}
