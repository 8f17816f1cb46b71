/**
 * What JSON.parse does not tell: which fields of an object are in its text twice, and how deep it is. One look at the
 * characters that are in no string.
 */

/** Deeper than any object of Kubernetes; a text that is deeper is no mistake. */
export const maxDepth = 500

/** A text that is too deep. */
export class DepthError extends Error {}

/**
 * @param json a text that JSON.parse takes.
 * @returns the paths of the fields that are there more than once, as `metadata.labels.app`; nothing inside managedFields,
 *   whose fields are kept as they came.
 * @throws DepthError
 */
export function duplicateFields(json: string): readonly string[] {
  const found = new Set<string>()
  const levels: Level[] = []
  let level: Level = { isObject: false, keys: undefined, key: '', index: 0 }
  for (let at = 0; at < json.length; at++) {
    switch (json.charCodeAt(at)) {
      case quote: {
        const end = endOfString(json, at)
        if (level.isObject && isKey(json, end)) {
          level.key = keyOf(json.slice(at, end))
          level.keys ??= new Set()
          if (level.keys.has(level.key)) found.add(pathOf(levels, level))
          else level.keys.add(level.key)
        }
        at = end - 1
        break
      }
      case openBrace:
      case openBracket:
        if (levels.length >= maxDepth) throw new DepthError('exceeded max depth')
        levels.push(level)
        level = { isObject: json.charCodeAt(at) === openBrace, keys: undefined, key: '', index: 0 }
        break
      case closeBrace:
      case closeBracket:
        level = levels.pop() ?? level
        break
      case comma:
        level.index++
        break
    }
  }
  return [...found].filter(path => !/^metadata\.managedFields\[\d+\]\.fieldsV1\./.test(path))
}

/** An object, by the keys seen so far, or a list, by how many commas. */
interface Level {
  readonly isObject: boolean
  keys: Set<string> | undefined
  key: string
  index: number
}

const quote = 0x22
const comma = 0x2c
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d
const colon = 0x3a

/** The position after a string's closing quote. */
function endOfString(json: string, start: number): number {
  let end = json.indexOf('"', start + 1)
  while (isEscaped(json, end)) end = json.indexOf('"', end + 1)
  return end === -1 ? json.length : end + 1
}

/** A quote after an odd number of backslashes is part of the string. */
function isEscaped(json: string, at: number): boolean {
  let first = at
  while (json.charCodeAt(first - 1) === backslash) first--
  return (at - first) % 2 === 1
}

function isKey(json: string, end: number): boolean {
  let at = end
  while (json.charCodeAt(at) <= 0x20) at++
  return json.charCodeAt(at) === colon
}

const keyOf = (literal: string): string =>
  literal.includes('\\') ? String(JSON.parse(literal)) : literal.slice(1, literal.length - 1)

/** The first level is the text itself, around its one value. */
function pathOf(levels: readonly Level[], level: Level): string {
  const parts = [...levels.slice(1), level].map(({ keys, key, index }) =>
    keys === undefined ? `[${index}]` : `.${key}`,
  )
  return parts.join('').replace(/^\./, '')
}
