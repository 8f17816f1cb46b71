/** Kubernetes' mark of one process at the end of a holder's identity: `_` and a UUID. */
const processMark = /_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const holderName = (holderIdentity: string): string => holderIdentity.replace(processMark, '')

/**
 * Whether two identities are processes of one holder, so that one may supersede the other at the coordinator: they are
 * the same, perhaps but for the marks of their processes. Nobody, '', is no holder.
 */
export const isSameHolder = (one: string, other: string): boolean =>
  one !== '' && other !== '' && holderName(one) === holderName(other)
