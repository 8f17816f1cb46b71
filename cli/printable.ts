/** A text that does nothing to a terminal: its control characters as people write them, as in ^[ for escape. */
export const printable = (text: string): string =>
  text.replaceAll(/\p{Cc}/gu, character => `^${String.fromCharCode(character.charCodeAt(0) ^ 64)}`)
