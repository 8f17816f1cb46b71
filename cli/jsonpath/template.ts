import { JsonPathError, type Path, PathReader } from './path.js'
import { select } from './select.js'

type Piece =
  | { readonly text: string }
  | { readonly path: Path }
  | { readonly range: Path; readonly body: readonly Piece[] }

/** A template that was read: the text that it makes of a value. */
export type Template = (value: unknown) => string

const keyword = /(?:range|end)(?![^\s}])/y
const literalText = /[^{]+/y

/**
 * Reads a template of kubectl's `-o jsonpath`: text with paths in braces, `{range PATH}...{end}`, and quoted text with
 * escapes. Several values of one path are printed with a space between them, and what is no text or number as JSON.
 *
 * @throws JsonPathError whose message quotes the template.
 * @see kubernetes.io/docs/reference/kubectl/jsonpath
 */
export function parseTemplate(text: string): Template {
  const reader = new PathReader(text)
  const pieces = readPieces(reader, false)
  return value => render(pieces, value)
}

/** Reads a path as `--sort-by` takes it: in braces or without, with its first dot or without. */
export function parsePath(text: string): Path {
  const bare = text.startsWith('{') && text.endsWith('}') ? text.slice(1, -1) : text
  const reader = new PathReader(/^[.[$@]/.test(bare) ? bare : `.${bare}`)
  const path = reader.path()
  if (path.length === 0 || reader.position < reader.text.length) {
    throw new JsonPathError(`"${text}" is no path: write it as in .metadata.name`)
  }
  return path
}

/** Reads up to the end, or up to the {end} of a range; kubectl lets that be left out. */
function readPieces(reader: PathReader, inRange: boolean): Piece[] {
  const pieces: Piece[] = []
  while (reader.position < reader.text.length) {
    const text = reader.matches(literalText)
    if (text !== undefined) {
      pieces.push({ text })
      continue
    }
    reader.expects('{')
    reader.skipSpace()
    const word = reader.matches(keyword)
    if (word === 'end') {
      if (!inRange) throw reader.error('{end} ends no range')
      reader.expects('}')
      return pieces
    }
    pieces.push(word === 'range' ? readRange(reader) : readAction(reader))
  }
  return pieces
}

function readRange(reader: PathReader): Piece {
  reader.skipSpace()
  const range = reader.path()
  reader.expects('}')
  return { range, body: readPieces(reader, true) }
}

function readAction(reader: PathReader): Piece {
  const literal = reader.literal()
  const piece = literal === undefined ? { path: reader.path() } : { text: String(literal) }
  reader.expects('}')
  return piece
}

const render = (pieces: readonly Piece[], value: unknown): string =>
  pieces
    .map(piece => {
      if ('text' in piece) return piece.text
      if ('path' in piece) return select(piece.path, value).map(textOf).join(' ')
      return select(piece.range, value)
        .map(item => render(piece.body, item))
        .join('')
    })
    .join('')

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
