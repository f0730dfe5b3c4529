// The connection of one delivery: with our certificates in date, to the gateway that the document
// is addressed to, and to no other.
import { Fault, quote } from '@seg/core'
import { checkCertificate, checkServer, checkSigning, checkStapledServer, gatewayId } from '@seg/pki'
import { trustFor } from '../credentials/sender-credentials.ts'
import type { Link } from '../exchange/connection.ts'
import { DeliveryRefused } from '../exchange/problem.ts'
import type { SendingGateway } from './gateway.ts'

/** A certificate that every receiver would refuse: reported before the first byte is sent. */
export function checkOurCertificates({ identity, signer, trust, clock }: SendingGateway): void {
  const now = clock.now()
  check('our own certificate, sender.crt', () => checkCertificate(identity.certificate, 'sender', trust, now))
  if (signer !== identity) check('our own certificate, signing.crt', () => checkSigning(signer.certificate, now))
}

/**
 * A server gets the document only if it has a receiver's certificate of a CA that speaks for that
 * receiver, and is the one that the document is addressed to; and, where the record of that one
 * requires it, with the answer of its CA that the certificate is good.
 */
export function openLink(receiver: URL, receiverId: string | undefined, gateway: SendingGateway): Link {
  const { identity, clock, receivers } = gateway
  const record = receiverId === undefined ? undefined : receivers.get(receiverId)
  if (record?.state === 'suspended')
    throw new Fault(
      'receiver-suspended',
      `${quote(record.id)} is suspended; ` +
        `\`pnpm --filter sender receivers resume ${quote(record.id)}\` ends that; nothing was sent`,
    )
  const trust = trustFor(receiverId, gateway)
  const asksStatus = record?.requiresStapling === true
  const admitServer: Link['admitServer'] = (chain, staple) => {
    check("the receiver's server", () => {
      if (asksStatus) checkStapledServer(chain, staple, trust, clock.now())
      else checkServer(chain, trust, clock.now())
    })
    const serverId = gatewayId(chain.leaf)
    if (receiverId === undefined || receiverId === serverId) return
    const sentence =
      `The document is addressed to ${quote(receiverId)}, ` +
      `but the gateway there is ${quote(serverId)}; nothing was sent.`
    throw new DeliveryRefused({ code: 'receiver-mismatch', sentence })
  }
  return { receiver, identity, trust, asksStatus, admitServer }
}

function check(what: string, judge: () => void): void {
  try {
    judge()
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    throw new Fault(error.code, `${what}: ${error.detail}; nothing was sent`, { cause: error })
  }
}
