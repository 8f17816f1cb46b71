import type { Client } from '@grpc/grpc-js'
import protobuf from 'protobufjs/minimal.js'
import {
  type BenchCase,
  type BenchContext,
  type Measurement,
  measuredSeconds,
  type Ratio,
} from '../harness/bench-case.js'
import type { CoordinatorProcess } from '../harness/coordinator-process.js'
import { Meter, type Usage } from '../harness/measured-process.js'
import { rounds, Subject, takeTurns } from '../harness/side-by-side.js'
import { type Caller, callClosedLoop, callOpenLoop } from '../load/calls.js'
import { put } from '../load/etcd-client.js'
import { openFleet } from '../load/fleet.js'
import { HoldStream } from '../load/hold-stream.js'
import { HttpCalls } from '../load/http-calls.js'
import { acquireLease } from '../load/lease-calls.js'
import { renewOpenLoop } from '../load/renew.js'
import { connect, Streams } from '../load/renewal-stream.js'
import { unary } from '../load/unary.js'

const callers = 32

/** The rate at which times are taken: what each of them can do. */
const offeredPerSecond = 500

/** Twice the time of others: the code of the Kubernetes face is long, and calls are few. */
const warmUpSeconds = { full: 8, short: 8, smoke: 0.05 }

/** Renewals beside lists. */
const renewals = { streams: 10, perSecond: 200 }

const collection = '/apis/coordination.k8s.io/v1/namespaces/bench/leases'
const everywhere = '/apis/coordination.k8s.io/v1/leases'
const asTable = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'

/** What etcd is given to put: as many bytes as Kubernetes keeps of a node's lease. */
const keptBytes = Buffer.alloc(300, 'x')

export const http: BenchCase = {
  name: 'http',
  about:
    `Renewals by PUT through the Kubernetes face, from ${callers} callers over connections that are kept, beside unary ` +
    `RenewLease over gRPC, and Put of etcd: as fast as it goes, in ${rounds} rounds, of which the middle one counts; ` +
    `the times at ${offeredPerSecond} a second. Then what a list as a Table does to renewals, and what a watch keeps in memory.`,
  async run(context) {
    const nats = await context.startNats()
    const coordinator = await context.startCoordinator({ natsUrl: nats.url })
    const subject = { name: 'leasehold', usage: () => coordinator.usage() }
    const client = connect(coordinator.address)
    context.defer(() => client.close())
    const calls = new HttpCalls(coordinator.httpAddress, callers)
    context.defer(() => calls.close())
    const renewed = await entrant('RenewLease', subject, index => unaryRenewal(client, index))
    const written = await entrant('PUT of a Lease', subject, index => writtenRenewal(calls, index))
    const peers: Entrant[] = []
    for (const binary of context.etcds) {
      const etcd = await context.startEtcd(binary)
      const theirs = connect(etcd.address)
      context.defer(() => theirs.close())
      peers.push(await entrant('Put', etcd, async index => () => put(theirs, `node-${index}`, keptBytes)))
    }
    const all = [renewed, written, ...peers]
    await takeTurns(context, all, warmUpSeconds)
    const measurements: Measurement[] = []
    for (const each of all) measurements.push(await measurement(context, each))
    measurements.push(...(await listing(context, coordinator, calls)), await watching(context))
    const against = (one: Entrant, other: Entrant, name: string): Ratio => ({
      name: `${one.load} against ${name}`,
      ratio: one.subject.timesAsFastAs(other.subject),
    })
    const ratios = peers.flatMap(peer =>
      [written, renewed].map(one => against(one, peer, `${peer.load} of ${peer.subject.name}`)),
    )
    return { measurements, ratios: [against(written, renewed, renewed.load), ...ratios], aims: [] }
  },
}

/** What is measured: calls of one kind to a server. */
interface Entrant {
  readonly load: string
  readonly subject: Subject
  readonly callers: readonly Caller[]
}

async function entrant(
  load: string,
  server: { readonly name: string; usage(): Usage },
  open: (index: number) => Promise<Caller>,
): Promise<Entrant> {
  const all = await Promise.all(Array.from({ length: callers }, (_, index) => open(index)))
  const run = (seconds: number) => callClosedLoop(all, seconds)
  return { load, subject: new Subject({ name: server.name, server, run }), callers: all }
}

/** Calls at a fixed rate, and sums up. */
async function measurement({ scaled }: BenchContext, { load, subject, callers: all }: Entrant): Promise<Measurement> {
  const { perSecond: callsPerSecond, costs } = subject
  const seconds = scaled(measuredSeconds)
  const { latencies } = await callOpenLoop(all, { seconds, perSecond: offeredPerSecond })
  return {
    load: `${load}, ${callers} callers`,
    subject: subject.name,
    figures: { callsPerSecond, ...costs, p50Ms: latencies.percentile(50), p99Ms: latencies.percentile(99) },
  }
}

/** A lease that is renewed by a call of gRPC, whose request is encoded once. */
async function unaryRenewal(client: Client, index: number): Promise<Caller> {
  const name = `unary-${index}`
  const token = await acquireLease(client, name, `node-${index}`, 3_600)
  const request = protobuf.Writer.create().uint32(10).string('bench').uint32(18).string(name).uint32(24).int64(token)
  const bytes = request.finish()
  return () => unary(client, '/leasehold.v1.LeaseService/RenewLease', bytes)
}

/** A lease that is renewed as a kubelet does: written whole, under the version of the answer before. */
async function writtenRenewal(calls: HttpCalls, index: number): Promise<Caller> {
  const name = `put-${index}`
  const spec = { holderIdentity: `node-${index}`, leaseDurationSeconds: 40, renewTime: microTime() }
  const created = await calls.call('POST', collection, { body: JSON.stringify({ metadata: { name }, spec }) })
  let lease: { spec: typeof spec } = JSON.parse(created)
  return async () => {
    lease.spec.renewTime = microTime()
    lease = JSON.parse(await calls.call('PUT', `${collection}/${name}`, { body: JSON.stringify(lease) }))
  }
}

/** The wall clock's time as Kubernetes writes it. */
const microTime = (): string => new Date().toISOString().replace('Z', '000Z')

/** Lists again and again; renewals go on beside it. */
async function listing(
  { scaled }: BenchContext,
  coordinator: CoordinatorProcess,
  calls: HttpCalls,
): Promise<Measurement[]> {
  const leases = scaled({ full: 10_000, short: 10_000, smoke: 100 })
  const seconds = scaled(measuredSeconds)
  const fleet = await openFleet(coordinator.address, { leases, streams: 1 })
  const renewing = await Streams.open(coordinator.address, renewals.streams, (client, index) =>
    HoldStream.open(client, index),
  )
  const renew = () => renewOpenLoop(renewing.all, { seconds, perSecond: renewals.perSecond })
  const before = await renew()
  const server = new Meter(coordinator)
  const [lists, beside] = await Promise.all([
    callClosedLoop([() => calls.drain('GET', everywhere, { accept: asTable })], seconds),
    renew(),
  ])
  const { cpuMicros = 0 } = server.figures(lists.latencies.count)
  renewing.close()
  fleet.close()
  return [
    {
      load: `list of ${leases.toLocaleString('en')} leases as a Table`,
      subject: 'leasehold',
      figures: {
        callsPerSecond: lists.latencies.count / lists.seconds,
        cpuMicros,
        p50Ms: lists.latencies.percentile(50),
        p99Ms: lists.latencies.percentile(99),
      },
    },
    { load: 'renewals without lists', subject: 'leasehold', figures: before.latencies.figures() },
    { load: 'renewals beside lists', subject: 'leasehold', figures: beside.latencies.figures() },
  ]
}

/** What a watch keeps in memory that has nothing to tell. */
async function watching(context: BenchContext): Promise<Measurement> {
  const count = context.scaled({ full: 1_000, short: 1_000, smoke: 10 })
  const coordinator = await context.startCoordinator()
  const calls = new HttpCalls(coordinator.httpAddress, 1)
  await writtenRenewal(calls, 0)
  calls.close()
  const before = coordinator.usage().residentBytes
  const path = `${collection}?watch=true&resourceVersion=0&fieldSelector=metadata.name%3Dput-0`
  const watches: { close(): void }[] = []
  while (watches.length < count) watches.push(await calls.watch(path))
  const { residentBytes, peakBytes } = coordinator.usage()
  for (const watch of watches) watch.close()
  await coordinator.remove()
  return {
    load: `${count.toLocaleString('en')} watches of one lease`,
    subject: 'leasehold',
    figures: { residentKb: (residentBytes - before) / count / 1e3, peakMb: peakBytes / 1e6 },
  }
}
