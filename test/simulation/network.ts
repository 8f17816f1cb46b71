import type { Random } from '../../clock/random.js'
import type { SimulatedProcess } from './process.js'
import type { Timeline } from './timeline.js'

/** How a network delays messages, in ms: most a little, some a lot. */
export interface NetworkFaults {
  readonly latencyMs: number
  readonly slowShare: number
  readonly slowMs: number
  /**
   * Messages are so large that a process reads one of each client in a turn; else it reads what is there. The signs
   * of a stream, and what comes on a stream that the reader has left, fill no buffer.
   */
  readonly fillsBuffers?: boolean
}

/** What one end of a connection hears. */
export interface Ear<Message> {
  /** The host has accepted the connection. */
  open?(): void
  message(message: Message): void
  /** The connection is over; called once. */
  end(): void
}

/** What hears a host whose connections arrive. */
export interface Host<Up, Down> {
  readonly name: string
  /** Undefined while nothing listens. */
  readonly process: SimulatedProcess | undefined
  accept(connection: Connection<Up, Down>): Ear<Up>
  /** Whether a message is one of many that a buffer takes; absent: none is. */
  isSmall?(message: Up): boolean
  /** A message is in a socket of the process, which will hear it. */
  arrived?(connection: Connection<Up, Down>, message: Up): void
}

/** When an end that hears nothing takes the connection for broken: gRPC's keepalive of client and server. */
const clientKeepaliveMs = 15_000
const serverKeepaliveMs = 30_000

/** The network between processes. A cut network loses nothing at once: what is sent waits, as TCP has it, until it is mended or an end gives up. */
export class Network {
  readonly timeline: Timeline
  readonly #random: Random
  readonly #faults: NetworkFaults
  /** Since when each way is cut. */
  readonly #cuts = new Map<string, number>()
  /** No message is slower than the most. */
  isCalm = false
  readonly #connections = new Set<Connection<never, never>>()

  constructor(timeline: Timeline, random: Random, faults: NetworkFaults) {
    this.timeline = timeline
    this.#random = random
    this.#faults = faults
  }

  /** Cuts the way from one host to another, by their names; what goes the other way arrives. */
  cut(from: string, to: string): void {
    const { nowMs } = this.timeline
    this.#cuts.set(way(from, to), nowMs)
    const after = (keepaliveMs: number, end: 'client' | 'server'): void => {
      this.timeline.after(keepaliveMs, () => {
        if (this.#cuts.get(way(from, to)) === nowMs) this.#giveUp(end)
      })
    }
    after(clientKeepaliveMs, 'client')
    after(serverKeepaliveMs, 'server')
  }

  mend(from: string, to: string): void {
    this.#cuts.delete(way(from, to))
    for (const connection of this.#connections) connection.flush()
  }

  isCut(from: string, to: string): boolean {
    return this.#cuts.has(way(from, to))
  }

  /** What all connections of a client share, as streams of HTTP/2 do; undefined where that makes no difference. */
  socketOf(client: SimulatedProcess): object | undefined {
    return this.#faults.fillsBuffers ? client : undefined
  }

  latencyMs(): number {
    const { latencyMs, slowShare, slowMs } = this.#faults
    const mostMs = this.#random.fraction() < slowShare && !this.isCalm ? slowMs : latencyMs
    return 0.02 + this.#random.fraction() * mostMs
  }

  connect<Up, Down>(from: SimulatedProcess, host: Host<Up, Down>, ear: Ear<Down>): Connection<Up, Down> {
    const connection = new Connection(this, from, host, ear, () => this.#connections.delete(connection as never))
    this.#connections.add(connection as never)
    connection.open()
    return connection
  }

  /** A process is gone, or stands still for so long that keepalive notices: those at the other end hear of it. */
  lost(process: SimulatedProcess): void {
    for (const connection of [...this.#connections]) connection.lost(process)
  }

  /** Breaks one connection, as a router that restarts does; both ends hear it. */
  breakOne(): void {
    const connections = [...this.#connections]
    connections[Math.floor(this.#random.fraction() * connections.length)]?.reset()
  }

  /** Something on the way forgets a connection, and tells nobody: each end believes in it until its keepalive fails. */
  forgetOne(): void {
    const connections = [...this.#connections]
    const connection = connections[Math.floor(this.#random.fraction() * connections.length)]
    if (connection === undefined) return
    connection.isForgotten = true
    this.timeline.after(clientKeepaliveMs, () => connection.giveUp('client'))
    this.timeline.after(serverKeepaliveMs, () => connection.giveUp('server'))
  }

  #giveUp(end: 'client' | 'server'): void {
    for (const connection of [...this.#connections]) if (connection.isCut) connection.giveUp(end)
  }
}

const way = (from: string, to: string): string => `${from} > ${to}`

/** What travels beside messages. */
type Sign = 'open' | 'end'

interface Waiting<Message> {
  readonly message: Message | Sign
  isReady: boolean
}

/** One direction: in order, each message when it is ready and the way is not cut. */
class Pipe<Message> {
  readonly #waiting: Waiting<Message>[] = []
  readonly #network: Network
  readonly #isCut: () => boolean
  readonly #deliver: (message: Message | Sign) => void

  constructor(network: Network, isCut: () => boolean, deliver: (message: Message | Sign) => void) {
    this.#network = network
    this.#isCut = isCut
    this.#deliver = deliver
  }

  send(message: Message | Sign): void {
    const waiting = { message, isReady: false }
    this.#waiting.push(waiting)
    this.#network.timeline.after(this.#network.latencyMs(), () => {
      waiting.isReady = true
      this.flush()
    })
  }

  flush(): void {
    while (this.#waiting[0]?.isReady && !this.#isCut()) {
      const next = this.#waiting.shift()
      if (next !== undefined) this.#deliver(next.message)
    }
  }
}

/** A connection as both ends have it: each may believe that it is open when the other knows better. */
export class Connection<Up, Down> {
  readonly #network: Network
  readonly #from: SimulatedProcess
  readonly #host: Host<Up, Down>
  readonly #clientEar: Ear<Down>
  readonly #onOver: () => void
  readonly #up: Pipe<Up>
  readonly #down: Pipe<Down>
  #server: SimulatedProcess | undefined
  #serverEar: Ear<Up> | undefined
  #isOpenAtClient = true
  #isOpenAtServer = false
  /** Its end waits to be read by the server, before all that comes now. */
  #isEndingAtServer = false
  /** Nothing that is sent on it arrives any more. */
  isForgotten = false

  constructor(network: Network, from: SimulatedProcess, host: Host<Up, Down>, ear: Ear<Down>, onOver: () => void) {
    this.#network = network
    this.#from = from
    this.#host = host
    this.#clientEar = ear
    this.#onOver = onOver
    this.#up = new Pipe<Up>(
      network,
      () => this.#isCutUp || this.#serverEar === undefined,
      message => this.#atServer(message),
    )
    this.#down = new Pipe<Down>(
      network,
      () => this.#isCutDown,
      message => this.#atClient(message),
    )
  }

  /** Whether what one end sends does not arrive, so that no keepalive is answered. */
  get isCut(): boolean {
    return this.#isCutUp || this.#isCutDown
  }

  get #isCutUp(): boolean {
    return this.isForgotten || this.#network.isCut(this.#from.name, this.#host.name)
  }

  get #isCutDown(): boolean {
    return this.isForgotten || this.#network.isCut(this.#host.name, this.#from.name)
  }

  /** The client's first word travels; a host where nothing listens refuses. */
  open(): void {
    this.#network.timeline.after(this.#network.latencyMs(), () => this.#arrive())
  }

  sendUp(message: Up): void {
    if (this.#isOpenAtClient && !this.#from.isDead) this.#up.send(message)
  }

  sendDown(message: Down): void {
    if (this.#isOpenAtServer && this.#server?.isDead === false) this.#down.send(message)
  }

  /** The client ends it. */
  closeUp(): void {
    if (!this.#isOpenAtClient) return
    this.#up.send('end')
    this.#endAtClient()
  }

  /** The server ends it, after what it has sent. */
  closeDown(): void {
    if (!this.#isOpenAtServer) return
    this.#isOpenAtServer = false
    this.#down.send('end')
  }

  flush(): void {
    if (this.#server === undefined) this.#arrive()
    this.#up.flush()
    this.#down.flush()
  }

  lost(process: SimulatedProcess): void {
    if (process === this.#server) {
      this.#isOpenAtServer = false
      this.#down.send('end')
    } else if (process === this.#from) {
      this.#isOpenAtClient = false
      this.#up.send('end')
    }
  }

  reset(): void {
    this.#endAtClient()
    this.#endAtServer()
  }

  giveUp(end: 'client' | 'server'): void {
    // The other end hears of it, if it still believes in the connection when the way is mended.
    if (end === 'client') {
      this.#up.send('end')
      this.#endAtClient()
    } else {
      this.#down.send('end')
      this.#endAtServer()
    }
  }

  #arrive(): void {
    if (this.#server !== undefined || !this.#isOpenAtClient || this.isCut) return
    const { process } = this.#host
    if (process === undefined || process.isDead) {
      this.#endAtClient()
      return
    }
    this.#server = process
    this.#isOpenAtServer = true
    this.#serverEar = this.#host.accept(this)
    if (this.#clientEar.open !== undefined) this.#down.send('open')
    this.#up.flush()
  }

  #atServer(message: Up | Sign): void {
    if (message === 'end') this.#endAtServer()
    else if (message !== 'open') {
      if (this.#server?.isPaused && !this.#isEndingAtServer) this.#host.arrived?.(this, message)
      this.#server?.receive(() => {
        if (!this.#isOpenAtServer) return false
        this.#serverEar?.message(message)
        return !this.#host.isSmall?.(message)
      }, this.#network.socketOf(this.#from))
    }
  }

  #atClient(message: Down | Sign): void {
    if (message === 'end') this.#endAtClient()
    else
      this.#from.receive(() => {
        if (!this.#isOpenAtClient) return false
        if (message === 'open') this.#clientEar.open?.()
        else this.#clientEar.message(message)
        return message !== 'open'
      }, this.#network.socketOf(this.#from))
  }

  #endAtClient(): void {
    if (!this.#isOpenAtClient) return
    this.#from.receive(() => {
      if (!this.#isOpenAtClient) return false
      this.#isOpenAtClient = false
      this.#over()
      this.#clientEar.end()
      return false
    }, this.#network.socketOf(this.#from))
  }

  #endAtServer(): void {
    this.#isEndingAtServer = true
    this.#server?.receive(() => {
      if (!this.#isOpenAtServer) return false
      this.#isOpenAtServer = false
      this.#over()
      this.#serverEar?.end()
      return false
    }, this.#network.socketOf(this.#from))
  }

  #over(): void {
    if (!this.#isOpenAtClient && !this.#isOpenAtServer) this.#onOver()
  }
}
