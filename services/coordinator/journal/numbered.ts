/** Words that are stored as numbers. The numbers are on disks: never give one another meaning. */
export interface Numbered<Word extends string> {
  numberOf(word: Word): number
  /** @throws RangeError for a number that has no word. */
  wordOf(number: number): Word
}

export function numbered<Word extends string>(what: string, numbers: Record<Word, number>): Numbered<Word> {
  const words: (Word | undefined)[] = []
  for (const word in numbers) words[numbers[word]] = word
  return {
    numberOf: word => numbers[word],
    wordOf(number) {
      const word = words[number]
      if (word === undefined) throw new RangeError(`${what} of unknown kind ${number}`)
      return word
    },
  }
}
