import { readFileSync } from 'node:fs'
import { Server, ServerCredentials, status } from '@grpc/grpc-js'
import type { ServiceDefinition } from '@grpc/proto-loader'
import test from 'ava'
import { systemClock } from '../../clock/system-clock.js'
import { packageDefinition } from '../../protos/load.js'
import type { CoordinatorPort } from '../../services/coordinator/coordinator-port.js'
import { leaseService, leaseServiceDefinition } from '../../services/coordinator/grpc/lease-service.js'
import { statusOf } from '../../services/coordinator/grpc/status-details.js'
import { LeaseError } from '../../services/coordinator/lease/errors.js'
import { LeaseClient } from '../support/lease-client.js'

const page = readFileSync(new URL('../../docs/grpc.md', import.meta.url), 'utf8')

const methodsOf = (service: string) => Object.keys(packageDefinition[service] as ServiceDefinition)

test('the page shows every rpc by grpcurl, and none that is not there', t => {
  const shown = [...page.matchAll(/127\.0\.0\.1:7070 (leasehold\.v1\.\w+)\/(\w+)/g)].map(
    match => `${match[1]}/${match[2]}`,
  )
  const all = ['leasehold.v1.LeaseService', 'leasehold.v1.SessionService'].flatMap(service =>
    methodsOf(service).map(method => `${service}/${method}`),
  )
  t.deepEqual([...new Set(shown)].sort(), all.sort())
})

test('the requests on the page are JSON', t => {
  const requests = [...page.matchAll(/-d '(\{.*?\})' +(?:\\\n +)?127/gs)].map(([, json = '']) => json)
  t.true(requests.length >= 12)
  for (const json of requests) t.notThrows(() => JSON.parse(json.replaceAll("'$TOKEN'", '1')), json)
})

test('the table of errors has every reason with its status', t => {
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| `([A-Z_]+)` \|/gm)].map(([, reason, name]) => [reason, name])
  t.deepEqual(
    Object.fromEntries(rows),
    Object.fromEntries(Object.entries(statusOf).map(([reason, code]) => [reason, status[code]])),
  )
})

test('the service config retries what is refused while a coordinator stops, for methods that are there', async t => {
  const config = /```json\n(.*?)```/s.exec(page)?.[1] ?? ''
  for (const { service, method } of JSON.parse(config).methodConfig[0].name) {
    t.true(methodsOf(service).includes(method), method)
  }
  let calls = 0
  const refuse = (): never => {
    calls++
    throw calls < 3 ? new LeaseError('DRAINING', 'stopping') : new LeaseError('LEASE_NOT_FOUND', 'no such lease')
  }
  const coordinator = { execute: async () => refuse(), journalId: '' } as unknown as CoordinatorPort
  const { handlers } = leaseService({ coordinator, clock: systemClock, log: { error: () => t.fail() } })
  const server = new Server()
  server.addService(leaseServiceDefinition, { ...handlers })
  const port = await new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  )
  const client = new LeaseClient(`127.0.0.1:${port}`, { 'grpc.service_config': config })
  t.is((await client.refusal('GetLease', { namespace: 'ns', name: 'n' })).status, 'NOT_FOUND')
  t.is(calls, 3)
  client.close()
  server.forceShutdown()
})
