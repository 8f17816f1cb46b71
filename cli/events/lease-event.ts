import { type EventMessage, parseData } from './event-message.js'

/** What happened, as a message on NATS tells it. */
export type LeaseEvent = ChangeEvent | GapEvent

/** A change of one lease. */
export interface ChangeEvent {
  readonly kind: 'change'
  /** 'acquired', 'expired' and so on. */
  readonly type: string
  /** When it happened, RFC 3339; undefined where the message does not tell. */
  readonly time: string | undefined
  readonly namespace: string
  readonly name: string
  /** The present or last holder; '' for none. */
  readonly holder: string
  readonly previousHolder: string
  readonly fencingToken: string
  readonly cause: string
  /** The message's data. */
  readonly data: object
}

/** The coordinator gave up telling these revisions. */
export interface GapEvent {
  readonly kind: 'gap'
  readonly fromRevision: string
  readonly throughRevision: string
  readonly data: object
}

const typePrefix = 'dev.leasehold.lease.'
const gapType = 'dev.leasehold.gap'

/** Reads a CloudEvent in the binary mode of its NATS binding; undefined for a message that is none of a lease's. */
export function readLeaseEvent(message: EventMessage): LeaseEvent | undefined {
  const type = message.header('ce-type')
  if (type === gapType) {
    const data = parseData<GapData>(message.text)
    return (
      data && { kind: 'gap', fromRevision: data.fromRevision ?? '', throughRevision: data.throughRevision ?? '', data }
    )
  }
  if (!type.startsWith(typePrefix)) return undefined
  const data = parseData<ChangeData>(message.text)
  if (data === undefined) return undefined
  return {
    kind: 'change',
    type: type.slice(typePrefix.length),
    time: message.header('ce-time') || undefined,
    namespace: data.metadata?.namespace ?? '',
    name: data.metadata?.name ?? '',
    holder: data.spec?.holderIdentity ?? '',
    previousHolder: data.previousHolder ?? '',
    fencingToken: data.fencingToken ?? '',
    cause: data.cause ?? '',
    data,
  }
}

interface GapData {
  readonly fromRevision?: string
  readonly throughRevision?: string
}

interface ChangeData {
  readonly metadata?: { readonly namespace?: string; readonly name?: string }
  readonly spec?: { readonly holderIdentity?: string }
  readonly previousHolder?: string
  readonly fencingToken?: string
  readonly cause?: string
}
