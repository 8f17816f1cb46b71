import test from 'ava'
import { connectClient } from '../../client/index.js'
import { startCoordinator } from '../support/coordinator.js'

test('any number of calls may be under way at once, also with one signal, without a warning of a leak', async t => {
  const coordinator = await startCoordinator()
  t.teardown(() => coordinator.stop())
  const client = connectClient({ addresses: [coordinator.address] })
  t.teardown(() => client.close())
  const warnings: string[] = []
  const note = ({ name }: Error): void => void warnings.push(name)
  process.on('warning', note)
  t.teardown(() => void process.off('warning', note))
  const names = Array.from({ length: 20 }, (_, number) => `lease-${number}`)
  const { signal } = new AbortController()
  const created = await Promise.all(names.map(name => client.create({ namespace: 'default', name }, { signal })))
  t.deepEqual(
    created.map(({ name }) => name),
    names,
  )
  t.deepEqual(warnings, [])
})
