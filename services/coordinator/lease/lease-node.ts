import type { Scheduled } from './deadlines.js'
import type { LeaseImage, LeaseState, MicroTime } from './lease.js'
import { imageOf, noRareFields, rareFieldsOf } from './lease-image.js'
import { column, type LeaseNumbers, ownRow } from './lease-numbers.js'
import type { Session } from './session.js'
import type { SharedStrings } from './shared-strings.js'

/** What the leases of a table have in common. */
export interface LeaseRoom {
  readonly strings: SharedStrings
  readonly numbers: LeaseNumbers
}

/**
 * A lease as the coordinator has it: what the journal says of it, and what is volatile (deadline, session). There may be
 * a million of them, so it is one object without an image, and a row of numbers; an image is made where one is asked for.
 */
export class LeaseNode implements Scheduled {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  state: LeaseState = 'unheld'
  holderIdentity: string | undefined
  instance: string | undefined
  rare = noRareFields
  /** False for a grant that was pushed to a waiter, until its first renewal. */
  isConfirmed = true
  /** The session that holds, and its handle there. */
  session: Session | undefined
  handle = 0
  heapIndex = -1
  #numbers: Float64Array
  #at: number

  constructor(image: LeaseImage, room: LeaseRoom) {
    const { numbers, at } = room.numbers.take()
    this.#numbers = numbers
    this.#at = at
    this.namespace = room.strings.shared(image.namespace)
    this.name = image.name
    this.uid = image.uid
    numbers[at + column.id] = image.id
    numbers[at + column.creationTimestamp] = image.creationTimestamp
    this.deadline = Number.POSITIVE_INFINITY
    this.change(image, room)
  }

  get id(): number {
    return this.#number(column.id)
  }

  get creationTimestamp(): number {
    return this.#number(column.creationTimestamp)
  }

  get fencingToken(): number {
    return this.#number(column.fencingToken)
  }

  /** The revision of the last transition. */
  get changeRevision(): number {
    return this.#number(column.changeRevision)
  }

  get revision(): number {
    return this.#number(column.revision)
  }

  get acquireTime(): MicroTime | undefined {
    return presentNumber(this.#number(column.acquireMicros)) ?? this.rare.acquireTime
  }

  get renewTime(): MicroTime | undefined {
    return presentNumber(this.#number(column.renewMicros)) ?? this.rare.renewTime
  }

  get freeSince(): MicroTime | undefined {
    return presentNumber(this.#number(column.freeMicros)) ?? this.rare.freeSince
  }

  get leaseTransitions(): number | undefined {
    return presentNumber(this.#number(column.leaseTransitions))
  }

  get leaseDurationMs(): number | undefined {
    return presentNumber(this.#number(column.leaseDurationMs))
  }

  get labels(): LeaseImage['labels'] {
    return this.rare.labels
  }

  get deadline(): number {
    return this.#number(column.deadline)
  }

  set deadline(ms: number) {
    this.#numbers[this.#at + column.deadline] = ms
  }

  /** What a transition has made of the lease. */
  change(image: LeaseImage, { strings }: LeaseRoom): void {
    const { holderIdentity, instance } = image
    const numbers = this.#numbers
    const at = this.#at
    this.state = image.state
    this.holderIdentity = holderIdentity === this.name ? this.name : holderIdentity && strings.shared(holderIdentity)
    this.instance = instance && strings.shared(instance)
    this.rare = rareFieldsOf(image)
    numbers[at + column.fencingToken] = image.fencingToken
    numbers[at + column.changeRevision] = image.revision
    numbers[at + column.revision] = image.revision
    numbers[at + column.acquireMicros] = micros(image.acquireTime)
    numbers[at + column.renewMicros] = micros(image.renewTime)
    numbers[at + column.freeMicros] = micros(image.freeSince)
    numbers[at + column.leaseTransitions] = image.leaseTransitions ?? Number.NaN
    numbers[at + column.leaseDurationMs] = image.leaseDurationMs ?? Number.NaN
  }

  /** What a renewal changes of what the journal says. */
  renewed(renewMicros: number, revision: number): void {
    this.#numbers[this.#at + column.renewMicros] = renewMicros
    this.#numbers[this.#at + column.revision] = revision
  }

  /** The lease is deleted: its row may be another's, and who still looks at it sees it as it was. */
  leave({ numbers }: LeaseRoom): void {
    const row = { numbers: this.#numbers, at: this.#at }
    const own = ownRow(row)
    this.#numbers = own.numbers
    this.#at = own.at
    numbers.free(row)
  }

  /** Makes the image of the lease as it is now. */
  current(): LeaseImage {
    return imageOf(this, this.rare)
  }

  #number(index: number): number {
    return this.#numbers[this.#at + index] ?? Number.NaN
  }
}

/** What is exact as a number. */
const micros = (time: MicroTime | undefined): number => (typeof time === 'number' ? time : Number.NaN)

/** NaN stands for a number that a lease does not have. */
const presentNumber = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value)
