/**
 * The commands in a text of shell, each as its words: as far as examples go, with quotes, pipes, lists, redirections,
 * substitutions and comments. Settings before a command are left out, and so is the word after a redirection.
 */
export function shellCommands(text: string): string[][] {
  const commands: string[][] = [[]]
  const pattern =
    /(?<space>(?:\\\n|[^\S\n])+)|(?<comment>(?<=^|\s)#[^\n]*)|(?<redirect>\d?[<>]+(?!\()&?\s*\S+)|(?<end>[\n|&;()]+|[<$]\()|(?<word>(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|\$\?|[^\s'"\\|&;()<>])+)/gy
  for (const { groups = {} } of text.matchAll(pattern)) {
    const { end, word } = groups
    if (end !== undefined) commands.push([])
    if (word !== undefined) commands.at(-1)?.push(unquoted(word))
  }
  return commands.map(withoutSettings).filter(words => words.length > 0)
}

/** What examples take from the environment. */
const variables: Readonly<Record<string, string>> = {
  LEASEHOLD_LEASE: 'kube-system/kube-scheduler',
  LEASEHOLD_FENCING_TOKEN: '1763848496000123',
  token: '1763848496000123',
}

const unquoted = (word: string): string =>
  word.replaceAll(
    /'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)|\$(\w+)/g,
    (all, single, double, escaped, variable) =>
      single ?? escaped ?? (double === undefined ? (variables[variable] ?? all) : withinQuotes(double)),
  )

const withinQuotes = (text: string): string =>
  text.replaceAll(/\\(["\\$`])|\$(\w+)/g, (all, escaped, variable) => escaped ?? variables[variable] ?? all)

function withoutSettings(words: readonly string[]): string[] {
  const first = words.findIndex(word => !/^\w+=/.test(word))
  return first === -1 ? [] : words.slice(first)
}
