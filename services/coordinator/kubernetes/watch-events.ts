/** What a watch tells, as the events of its stream: lines of JSON, or frames of protobuf. */
import protobuf from 'protobufjs/minimal.js'
import type { LeaseImage } from '../lease/lease.js'
import { EncodedLeases } from './encoded-leases.js'
import { type JsonObject, leaseObject } from './lease-object.js'
import { encode, type Format, partialObject } from './negotiation.js'
import type { Status } from './status.js'
import { leaseTable } from './table.js'

const { Writer } = protobuf

/** The types of events that tell of a lease. */
export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED'

/** On the bookmark before which all initial events are told. */
const initialEventsEnd = 'k8s.io/initial-events-end'

/** Events that every watch shares, by what they look like. Tables are none of them, since they have ages. */
export class SharedEvents {
  readonly #byForm = new Map<string, EncodedLeases>()

  of(format: Format, type: ChangeType, lease: LeaseImage): Buffer {
    const { shape, version, encoding } = format
    const form = `${type} ${shape} ${version} ${encoding}`
    let encoded = this.#byForm.get(form)
    if (encoded === undefined) {
      encoded = new EncodedLeases(image => eventBytes(format, type, shaped(format, leaseObject(image))))
      this.#byForm.set(form, encoded)
    }
    return encoded.of(lease)
  }
}

export interface WatchEventsOptions {
  readonly format: Format
  readonly shared: SharedEvents
  /** Milliseconds since the Unix epoch, now: for ages. */
  readonly nowMs: () => number
}

/** The events of one watch, in the form that its client wants. */
export class WatchEvents {
  readonly #options: WatchEventsOptions
  #hasToldColumns = false

  constructor(options: WatchEventsOptions) {
    this.#options = options
  }

  change(type: ChangeType, lease: LeaseImage): Buffer {
    const { format, shared } = this.#options
    if (format.shape !== 'table') return shared.of(format, type, lease)
    return eventBytes(format, type, this.#nextTable([lease], lease.revision))
  }

  /** How far the watch is, on an object that says nothing else. */
  bookmark(revision: number, endsInitialEvents: boolean): Buffer {
    const { format } = this.#options
    const { includeObject, version } = format
    const metadata = {
      resourceVersion: String(revision),
      ...(endsInitialEvents && { annotations: { [initialEventsEnd]: 'true' } }),
    }
    const object = { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', metadata, spec: {} }
    if (format.shape !== 'table') return eventBytes(format, 'BOOKMARK', shaped(format, object))
    const row = {
      cells: emptyCells(this.#table([], revision, true)),
      ...(includeObject !== 'None' && {
        object: includeObject === 'Object' ? object : partialObject(object, version),
      }),
    }
    return eventBytes(format, 'BOOKMARK', { ...this.#nextTable([], revision), rows: [row] })
  }

  /** The last event of a watch that cannot go on. */
  error(status: Status): Buffer {
    return eventBytes(this.#options.format, 'ERROR', { ...status })
  }

  /** Only the first table of a watch says what its columns are. */
  #nextTable(leases: readonly LeaseImage[], revision: number): JsonObject {
    const withColumns = !this.#hasToldColumns
    this.#hasToldColumns = true
    return this.#table(leases, revision, withColumns)
  }

  #table(leases: readonly LeaseImage[], revision: number, withColumns: boolean): JsonObject {
    const { format, nowMs } = this.#options
    const { includeObject, version } = format
    const metadata = { resourceVersion: String(revision) }
    return leaseTable(leases, metadata, { includeObject, nowMs: nowMs(), withColumns, version })
  }
}

function eventBytes({ encoding }: Format, type: string, object: JsonObject): Buffer {
  const encoded = encode({ encoding, isPretty: false }, object)
  return typeof encoded === 'string'
    ? Buffer.from(`{"type":"${type}","object":${encoded}}\n`)
    : protobufFrame(type, encoded)
}

/**
 * A length in four bytes, and a WatchEvent without an envelope: its field 1 is the type, its field 2 a RawExtension,
 * whose field 1 is the object with its envelope.
 * @see Kubernetes apimachinery, pkg/util/framer
 */
function protobufFrame(type: string, object: Buffer): Buffer {
  const raw = Writer.create().uint32(firstField).bytes(object).finish()
  const event = Writer.create().uint32(firstField).string(type).uint32(secondField).bytes(raw).finish()
  const length = Buffer.alloc(4)
  length.writeUInt32BE(event.length)
  return Buffer.concat([length, event])
}

/** Tags of fields that are bytes or text. */
const firstField = (1 << 3) | 2
const secondField = (2 << 3) | 2

const shaped = (format: Format, object: JsonObject): JsonObject =>
  format.shape === 'partial' ? partialObject(object, format.version) : object

/** The cells of a row that is about no lease. */
function emptyCells({ columnDefinitions }: JsonObject): string[] {
  const columns = Array.isArray(columnDefinitions) ? columnDefinitions : []
  return columns.map(({ name }) => (name === 'Age' ? '<unknown>' : ''))
}
