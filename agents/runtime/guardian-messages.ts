/** What an agent and the guardian of its command say to each other, over the IPC channel of the guardian's process. */

export type ToGuardian = StartMessage | DeadlineMessage | EndMessage

/** Start the command and guard it. The first message, and there is only one. */
export interface StartMessage {
  readonly type: 'start'
  /** The program and its arguments; no shell reads them. */
  readonly command: readonly string[]
  /** The holder's local deadline, ms on Clock.sinceBootMs, which the processes of a machine share. */
  readonly deadlineMs: number
  /** How long the group has between SIGTERM and SIGKILL when its time runs out. */
  readonly graceMs: number
  /** How long before the deadline SIGKILL is sent. */
  readonly marginMs: number
}

/** The lease was renewed. */
export interface DeadlineMessage {
  readonly type: 'deadline'
  readonly deadlineMs: number
}

/** End the command now. */
export interface EndMessage {
  readonly type: 'end'
  /** How long the group has between SIGTERM and SIGKILL; the deadline still bounds it. */
  readonly graceMs: number
}

export type FromGuardian = ReadyMessage | StartedMessage | NotStartedMessage | GoneMessage

/** The guardian listens. */
export interface ReadyMessage {
  readonly type: 'ready'
}

/** The command runs, in a process group with this id. */
export interface StartedMessage {
  readonly type: 'started'
  readonly groupId: number
}

/** The command could not be started, or not in time; the guardian exits. */
export interface NotStartedMessage {
  readonly type: 'notStarted'
  /** The system's code, as 'ENOENT'; 'DEADLINE' when there was no time left to start it. */
  readonly code: string
  readonly message: string
}

/** The whole group is gone; the guardian exits. */
export interface GoneMessage {
  readonly type: 'gone'
  /** The command's exit code, null when a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly ending: Ending
}

/** Why the command ended: by itself, because its time ran out, or because it was asked to. */
export type Ending = 'itself' | 'deadline' | 'asked'
