import { HoldStream } from './hold-stream.js'
import { nodeName } from './node-name.js'
import { Streams } from './renewal-stream.js'

export interface FleetOptions {
  readonly leases: number
  /** Each holds as many as the others, or one more. */
  readonly streams: number
  readonly isOneByOne?: boolean
}

/** Leases as those of a cluster's nodes, held over a few streams, for an hour a renewal. */
export const openFleet = (
  address: string,
  { leases, streams, isOneByOne = false }: FleetOptions,
): Promise<Streams<HoldStream>> => {
  const firstOf = (index: number): number => Math.floor((index * leases) / streams)
  return Streams.open(address, streams, (client, index) =>
    HoldStream.open(client, index, {
      leases: firstOf(index + 1) - firstOf(index),
      name: i => nodeName(firstOf(index) + i),
      isOneByOne,
    }),
  )
}

/** Renews all leases of each stream, so often. */
export async function renewAll(streams: Streams<HoldStream>, times: number): Promise<void> {
  await Promise.all(
    streams.all.map(
      stream =>
        new Promise<void>(resolve => {
          let left = times
          stream.onRenewed = () => {
            if (--left === 0) resolve()
            else stream.renew()
          }
          stream.renew()
        }),
    ),
  )
}
