import { connect, createServer, type Socket } from 'node:net'

/** Passes TCP connections on to `address`, until it is told to let those that are open go dead without closing them. */
export interface FreezingProxy {
  /** HOST:PORT. */
  readonly address: string
  /** How many connections were opened. */
  readonly connections: number
  freeze(): void
  stop(): void
}

export async function startFreezingProxy(address: string): Promise<FreezingProxy> {
  const [host = '', port = ''] = address.split(':')
  const sockets: Socket[] = []
  let connections = 0
  const server = createServer(socket => {
    connections++
    const onward = connect(Number(port), host)
    socket.pipe(onward).pipe(socket)
    for (const end of [socket, onward]) {
      end.on('error', () => {})
      sockets.push(end)
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('the proxy has no port')
  return {
    address: `127.0.0.1:${bound.port}`,
    get connections() {
      return connections
    },
    freeze() {
      for (const socket of sockets) {
        socket.unpipe()
        socket.pause()
      }
    },
    stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
