import type { World } from './world.js'

/** Adds to the trace of a world what its coordinator hears and says, and what becomes durable. */
export function traceCoordinator(world: World): void {
  const names = new Map<object, string>()
  const nameOf = (stream: object): string => {
    const name = names.get(stream) ?? `stream ${names.size + 1}`
    names.set(stream, name)
    return name
  }
  world.coordinator.ears.push({
    serving: ({ table }) => world.note(`the coordinator serves, at revision ${table.revision}`),
    read: (stream, request) => world.note(`${nameOf(stream)} → ${shown(request)}`),
    said: (stream, response) => world.note(`${nameOf(stream)} ← ${shown(response)}`),
    streamEnded: stream => world.note(`${nameOf(stream)} has ended`),
    called: (call, method, request) => world.note(`${nameOf(call)} → ${shown({ type: method, ...request })}`),
    answered: (call, response) => world.note(`${nameOf(call)} ← ${response === undefined ? 'refused' : 'answered'}`),
    durable(records) {
      for (const record of records) {
        if (record.type === 'renewed' || record.type === 'published') continue
        const { namespace, name, holderIdentity = '', fencingToken } = record.lease
        world.note(`durable: ${namespace}/${name} ${record.type}, ${holderIdentity || 'nobody'} by ${fencingToken}`)
      }
    },
    ended: () => world.note('the coordinator has ended'),
  })
}

/** A message in a line, without what is empty. */
const shown = ({ type, ...fields }: { readonly type: string }): string =>
  [type, ...Object.entries(fields).filter(isTold).map(told)].join(' ')

const isTold = ([name, value]: [string, unknown]): boolean =>
  name !== 'instance' && value !== '' && value !== 0 && value !== false && !(Array.isArray(value) && value.length === 0)

const told = ([name, value]: [string, unknown]): string =>
  `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`
