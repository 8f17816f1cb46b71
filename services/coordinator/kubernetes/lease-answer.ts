/** Leases as answers over HTTP, in the form that the client wants. */
import type { LeaseImage } from '../lease/lease.js'
import type { Answer, AnyBody } from './answer.js'
import { type JsonObject, leaseObject } from './lease-object.js'
import type { LeaseOutcome } from './leases.js'
import type { ListPieces } from './list.js'
import { encode, type Format, partialObject } from './negotiation.js'
import { protobufEnvelope, protobufMessageOf } from './protobuf/objects.js'
import { leaseTable } from './table.js'

/** @param nowMs since the Unix epoch: for ages. */
export function leaseAnswer({ code, lease, warnings }: LeaseOutcome, format: Format, nowMs: number): Answer<AnyBody> {
  return { code, contentType: format.contentType, body: encode(format, leaseIn(format, lease, nowMs)), warnings }
}

function leaseIn({ shape, version, includeObject }: Format, lease: LeaseImage, nowMs: number): JsonObject {
  if (shape === 'table') return leaseTable([lease], {}, { includeObject, nowMs, version })
  return shape === 'partial' ? partialObject(leaseObject(lease), version) : leaseObject(lease)
}

/**
 * A list, sent as it is read: what is only known at the end comes at the end. Protobuf says first how long it is, so it is
 * gathered, encoded.
 */
export async function listAnswer(pieces: ListPieces, format: Format, nowMs: number): Promise<Answer<AnyBody>> {
  const list = new ListForm(format, nowMs)
  const { contentType, encoding } = format
  if (encoding === 'protobuf') return { code: 200, contentType, body: await protobufOf(pieces, list) }
  return { code: 200, contentType, body: encoding === 'yaml' ? yamlOf(pieces, list) : jsonOf(pieces, list, format) }
}

async function* jsonOf(pieces: ListPieces, list: ListForm, { isPretty }: Format): AsyncGenerator<string> {
  const [indent, newline] = isPretty ? [2, '\n'] : [0, '']
  yield `${JSON.stringify(list.head).slice(0, -1)},"${list.itemsKey}":[${newline}`
  let separator = ''
  for (;;) {
    const next = await pieces.next()
    if (next.done) {
      yield `${newline}],"metadata":${JSON.stringify(next.value)}}\n`
      return
    }
    const items = list.items(next.value)
    if (items.length === 0) continue
    yield separator + items.map(item => JSON.stringify(item, undefined, indent)).join(`,${newline}`)
    separator = `,${newline}`
  }
}

/** JSON is YAML, too: each item is a line, for what a library makes look better takes it a hundred times longer. */
async function* yamlOf(pieces: ListPieces, list: ListForm): AsyncGenerator<string> {
  for (const [key, value] of Object.entries(list.head)) yield `${key}: ${JSON.stringify(value)}\n`
  let isEmpty = true
  for (;;) {
    const next = await pieces.next()
    if (next.done) {
      yield `${isEmpty ? `${list.itemsKey}: []\n` : ''}metadata: ${JSON.stringify(next.value)}\n`
      return
    }
    const items = list.items(next.value)
    if (items.length === 0) continue
    yield `${isEmpty ? `${list.itemsKey}:\n` : ''}${items.map(item => `- ${JSON.stringify(item)}\n`).join('')}`
    isEmpty = false
  }
}

/** A message whose list comes in parts is that list: parts of a message make one. */
async function protobufOf(pieces: ListPieces, list: ListForm): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for (;;) {
    const next = await pieces.next()
    const part = next.done ? { ...list.head, metadata: next.value } : { ...list.head, items: list.items(next.value) }
    parts.push(protobufMessageOf(part))
    if (next.done) return protobufEnvelope(list.head, Buffer.concat(parts))
  }
}

/** What a list is called, and what its items look like. */
class ListForm {
  readonly #format: Format
  readonly #nowMs: number
  readonly head: JsonObject
  readonly itemsKey: 'items' | 'rows'

  constructor(format: Format, nowMs: number) {
    this.#format = format
    this.#nowMs = nowMs
    const { shape, version } = format
    this.itemsKey = shape === 'table' ? 'rows' : 'items'
    if (shape === 'object') this.head = { kind: 'LeaseList', apiVersion: 'coordination.k8s.io/v1' }
    else if (shape === 'partial')
      this.head = { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${version}` }
    else {
      const { kind, apiVersion, columnDefinitions } = this.#table([])
      this.head = { kind, apiVersion, columnDefinitions }
    }
  }

  items(leases: readonly LeaseImage[]): readonly unknown[] {
    const { shape, version } = this.#format
    if (shape === 'table') return this.#table(leases).rows as unknown[]
    if (shape === 'partial') return leases.map(lease => partialObject(leaseObject(lease), version))
    // The list says of what kind its items are.
    return leases.map(lease => {
      const { kind: _, apiVersion: __, ...rest } = leaseObject(lease)
      return rest
    })
  }

  #table(leases: readonly LeaseImage[]): JsonObject {
    const { includeObject, version } = this.#format
    return leaseTable(leases, {}, { includeObject, nowMs: this.#nowMs, version })
  }
}
