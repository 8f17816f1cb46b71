/** Leases as answers over HTTP, in the form that the client wants. */
import type { LeaseImage } from '../lease/lease.js'
import type { Answer, AnyBody } from './answer.js'
import { type JsonObject, leaseObject } from './lease-object.js'
import type { LeaseOutcome } from './leases.js'
import type { ListMetadata, ListPieces } from './list.js'
import { encode, type Format, partialObject } from './negotiation.js'
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
 * A list. In JSON it is sent as it is read, and what is only known at the end comes at the end; the other encodings say
 * first how long they are.
 */
export async function listAnswer(pieces: ListPieces, format: Format, nowMs: number): Promise<Answer<AnyBody>> {
  const list = new ListForm(format, nowMs)
  const { contentType, encoding, isPretty } = format
  if (encoding === 'json' && !isPretty) return { code: 200, contentType, body: jsonOf(pieces, list) }
  const items: unknown[] = []
  for (;;) {
    const next = await pieces.next()
    if (next.done) return { code: 200, contentType, body: encode(format, list.whole(items, next.value)) }
    items.push(...list.items(next.value))
  }
}

async function* jsonOf(pieces: ListPieces, list: ListForm): AsyncGenerator<string> {
  const head = JSON.stringify(list.head)
  yield `${head.slice(0, -1)},"${list.itemsKey}":[`
  let separator = ''
  for (;;) {
    const next = await pieces.next()
    if (next.done) {
      yield `],"metadata":${JSON.stringify(next.value)}}\n`
      return
    }
    const items = list.items(next.value)
    if (items.length === 0) continue
    yield separator + items.map(item => JSON.stringify(item)).join(',')
    separator = ','
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

  whole(items: readonly unknown[], metadata: ListMetadata): JsonObject {
    return { ...this.head, metadata, [this.itemsKey]: items }
  }

  #table(leases: readonly LeaseImage[]): JsonObject {
    const { includeObject, version } = this.#format
    return leaseTable(leases, {}, { includeObject, nowMs: this.#nowMs, version })
  }
}
